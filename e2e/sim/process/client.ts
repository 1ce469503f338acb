/**
 * The client contract of the operator's runtime over the simulated network. What `KubeClient` makes of answers (a missing object is
 * undefined, a deleted one is deleted) it makes of them as well.
 */
import { ApiError, isConflict, isNotFound } from '../../../src/runtime/errors.ts';
import { selects } from '../../../src/runtime/labels.ts';
import type { ConnectedClient, DeleteOptions, JsonPatchOperation, KubeObject, ListOptions, ListPage, ObjectRef, ResourceType, WatchEvent, WatchOptions } from '../../../src/runtime/types.ts';
import type { ApiServer } from '../api-server/server.ts';
import type { Author } from '../api-server/storage.ts';
import { Pages } from './pages.ts';
import { keyOfRef, type Network, type Request } from './network.ts';
import type { Watches } from './watches.ts';

export interface SimClientOptions {
  readonly server: ApiServer;
  readonly network: Network;
  readonly watches: Watches;
  readonly by: Author;
}

export class SimClient implements ConnectedClient {
  readonly #options: SimClientOptions;
  readonly #pages = new Pages();

  constructor(options: SimClientOptions) {
    this.#options = options;
  }

  get<T extends KubeObject>(ref: ObjectRef): Promise<T | undefined> {
    const { server } = this.#options;
    return this.#send<T | undefined>('get', ref, () => (server.get(ref.type, keyOfRef(ref)) as T | undefined));
  }

  list<T extends KubeObject>(type: ResourceType, options: ListOptions = {}): Promise<ListPage<T>> {
    const { namespace, labelSelector } = options;
    const { storage } = this.#options.server;
    const present = (): KubeObject[] =>
      storage.list(type).filter(({ metadata }) => (namespace === undefined || metadata.namespace === namespace) && selects(labelSelector, metadata.labels));
    return this.#send('list', { type, name: '' }, () => this.#pages.page<T>(storage, options, present));
  }

  create<T extends KubeObject>(type: ResourceType, object: T): Promise<T> {
    const { server, by } = this.#options;
    const { regarding } = object as KubeObject & { readonly regarding?: { readonly uid?: string } };
    const about = regarding?.uid ?? object.metadata.ownerReferences?.[0]?.uid;
    return this.#send('create', { type, ...object.metadata }, () => server.create(type, object, by) as T, about);
  }

  apply<T extends KubeObject>(type: ResourceType, object: KubeObject): Promise<T> {
    const { server, by } = this.#options;
    return this.#send('apply', { type, ...object.metadata }, () => server.apply(type, object, by) as T);
  }

  applyStatus<T extends KubeObject>(type: ResourceType, object: KubeObject): Promise<T> {
    const { server, by } = this.#options;
    return this.#send('applyStatus', { type, ...object.metadata }, () => server.apply(type, object, by, 'status') as T);
  }

  jsonPatch<T extends KubeObject>(ref: ObjectRef, operations: readonly JsonPatchOperation[]): Promise<T> {
    const { server, by } = this.#options;
    return this.#send('jsonPatch', ref, () => server.jsonPatch(ref.type, keyOfRef(ref), operations, by) as T);
  }

  mergeStatus<T extends KubeObject>({ type }: ObjectRef): Promise<T> {
    throw new Error(`Nothing in this operator merges the status of ${type.plural}; simulate it before using it.`);
  }

  async delete(ref: ObjectRef, options: DeleteOptions = {}): Promise<void> {
    const { server, by } = this.#options;
    try {
      await this.#send('delete', ref, () => { server.delete(ref.type, keyOfRef(ref), options, by); });
    } catch (error) {
      if (!isNotFound(error) && !(options.uid !== undefined && isConflict(error))) throw error;
    }
  }

  async *watch<T extends KubeObject>(type: ResourceType, options: WatchOptions): AsyncGenerator<WatchEvent<T>> {
    const { watches } = this.#options;
    const stream = await this.#send('watch', { type, name: '' }, () => watches.open(type, options));
    try {
      for await (const event of stream.events()) yield event as WatchEvent<T>;
    } catch (thrown) {
      if (!options.signal.aborted) throw thrown;
    }
  }

  close(): void {
    this.#options.watches.closeAll();
  }

  #send<T>(verb: Request['verb'], ref: ObjectRef, answer: () => T, about?: string): Promise<T> {
    const { network, by } = this.#options;
    const isWrite = !['get', 'list', 'watch'].includes(verb);
    return network.send({ verb, type: ref.type, key: keyOfRef(ref), process: by.process ?? '', isWrite, ...(about === undefined ? {} : { about }) }, answer);
  }
}

export function unreachable(): ApiError {
  return new ApiError(0, { reason: 'BrokenOff', message: 'The API server\'s answer broke off: the connection was reset.' });
}
