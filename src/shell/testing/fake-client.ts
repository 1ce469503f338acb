/**
 * A `Client` in memory, for unit tests of what the shell asks for. It keeps no semantics of the API server beyond uids and
 * "already exists": those are tested against a real one.
 */
import { ApiError } from '../../runtime/errors.ts';
import type { Client, KubeObject, ListOptions, ListPage, ObjectRef, ResourceType } from '../../runtime/types.ts';

export interface Call {
  readonly verb: keyof Client;
  readonly name: string;
  readonly body?: unknown;
}

export class FakeClient implements Client {
  readonly calls: Call[] = [];
  readonly #objects = new Map<string, KubeObject>();
  readonly #failures = new Map<keyof Client, ApiError[]>();

  put(type: ResourceType, object: KubeObject): this {
    this.#objects.set(keyOf({ type, ...nameOf(object) }), object);
    return this;
  }

  /** The next calls of this verb are answered so, one after the other. */
  failNext(verb: keyof Client, ...failures: readonly ApiError[]): void {
    this.#failures.set(verb, [...failures]);
  }

  get<T extends KubeObject>(ref: ObjectRef): Promise<T | undefined> {
    return this.#answer('get', ref.name, undefined, () => this.#objects.get(keyOf(ref)) as T | undefined);
  }

  list<T extends KubeObject>(type: ResourceType, options?: ListOptions): Promise<ListPage<T>> {
    const items = [...this.#objects].filter(([key]) => key.startsWith(`${type.plural} `)).map(([, object]) => object as T);
    return this.#answer('list', type.plural, options, () => ({ items, resourceVersion: '1' }));
  }

  create<T extends KubeObject>(type: ResourceType, object: T): Promise<T> {
    return this.#answer('create', object.metadata.name, object, () => {
      if (this.#objects.has(keyOf({ type, ...nameOf(object) }))) throw new ApiError(409, { reason: 'AlreadyExists', message: 'already exists' });
      this.put(type, object);
      return object;
    });
  }

  apply<T extends KubeObject>(_type: ResourceType, object: KubeObject): Promise<T> {
    return this.#answer('apply', object.metadata.name, object, () => object as T);
  }

  applyStatus<T extends KubeObject>(_type: ResourceType, object: KubeObject): Promise<T> {
    return this.#answer('applyStatus', object.metadata.name, object, () => object as T);
  }

  jsonPatch<T extends KubeObject>(ref: ObjectRef, operations: unknown): Promise<T> {
    return this.#answer('jsonPatch', ref.name, operations, () => this.#objects.get(keyOf(ref)) as T);
  }

  delete(ref: ObjectRef, options?: unknown): Promise<void> {
    return this.#answer('delete', ref.name, options, () => void this.#objects.delete(keyOf(ref)));
  }

  async #answer<T>(verb: keyof Client, name: string, body: unknown, answer: () => T): Promise<T> {
    this.calls.push(body === undefined ? { verb, name } : { verb, name, body });
    const failure = this.#failures.get(verb)?.shift();
    if (failure !== undefined) throw failure;
    return Promise.resolve(answer());
  }
}

function keyOf({ type, namespace, name }: ObjectRef): string {
  return `${type.plural} ${namespace ?? ''}/${name}`;
}

function nameOf({ metadata }: KubeObject): { readonly name: string; readonly namespace?: string } {
  return metadata.namespace === undefined ? { name: metadata.name } : { name: metadata.name, namespace: metadata.namespace };
}
