/**
 * The Kubernetes API in raw JSON: reads, server-side apply, patches, deletes and watches, each answered or rejected with an `ApiError`.
 *
 * client-node's generated API is not used: its models drop fields they do not know, and its apply cannot reach a subresource.
 */
import type { IncomingMessage } from 'node:http';
import type { KubeConfig } from '@kubernetes/client-node';
import { ApiError, asError, isConflict, isNotFound } from './errors.ts';
import { apiVersionOf } from './keys.ts';
import { collectionPath, objectPath, type Query } from './paths.ts';
import { Transport, type TransportRequest } from './transport.ts';
import type {
  ConnectedClient,
  CreateOptions,
  DeleteOptions,
  JsonPatchOperation,
  KubeObject,
  ListOptions,
  ListPage,
  ObjectRef,
  ResourceType,
  WatchEvent,
  WatchOptions,
} from './types.ts';
import { jsonLines, readText, statusError } from './wire.ts';

export interface ClientOptions {
  readonly kubeConfig: KubeConfig;
  /** Field manager of server-side apply, and the name in the user agent. */
  readonly fieldManager: string;
  readonly requestTimeoutMs?: number;
  /** `code` is the HTTP status, or `<error>` where there was no answer. */
  readonly onRequest?: (method: string, code: string) => void;
}

type Request = Pick<TransportRequest, 'method' | 'path' | 'body' | 'contentType' | 'signal'>;

const REQUEST_TIMEOUT_MS = 30_000;
const APPLY = 'application/apply-patch+yaml';
const JSON_PATCH = 'application/json-patch+json';
const MERGE_PATCH = 'application/merge-patch+json';

export function createClient(options: ClientOptions): KubeClient {
  return new KubeClient(options);
}

export class KubeClient implements ConnectedClient {
  readonly #transport: Transport;
  readonly #fieldManager: string;
  readonly #timeoutMs: number;
  readonly #onRequest: (method: string, code: string) => void;

  constructor({ kubeConfig, fieldManager, requestTimeoutMs = REQUEST_TIMEOUT_MS, onRequest = () => undefined }: ClientOptions) {
    this.#transport = new Transport(kubeConfig, fieldManager);
    this.#fieldManager = fieldManager;
    this.#timeoutMs = requestTimeoutMs;
    this.#onRequest = onRequest;
  }

  async get<T extends KubeObject>(ref: ObjectRef): Promise<T | undefined> {
    try {
      return await this.#call<T>({ method: 'GET', path: objectPath(ref) });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** A list names its kind once (`JobList`), not in every item; without it an item cannot be applied or told from another kind. */
  async list<T extends KubeObject>(type: ResourceType, options: ListOptions = {}): Promise<ListPage<T>> {
    const { namespace, labelSelector, fieldSelector, limit, continueToken, resourceVersion, signal } = options;
    const path = collectionPath(type, namespace, { labelSelector, fieldSelector, limit, continue: continueToken, resourceVersion });
    const page = await this.#call<RawList<T>>({ method: 'GET', path, ...(signal === undefined ? {} : { signal }) });
    const { continue: next = '', resourceVersion: version = '' } = page.metadata;
    const named = { apiVersion: apiVersionOf(type), kind: page.kind?.replace(/List$/, '') ?? type.kind };
    const items = (page.items ?? []).map((item) => ({ ...item, ...named }));
    return { items, resourceVersion: version, ...(next === '' ? {} : { continueToken: next }) };
  }

  create<T extends KubeObject>(type: ResourceType, object: T, { strict = false, dryRun = false }: CreateOptions = {}): Promise<T> {
    const query = { ...this.#managed(), ...(strict ? { fieldValidation: 'Strict' } : {}), ...(dryRun ? { dryRun: 'All' } : {}) };
    const path = collectionPath(type, object.metadata.namespace, query);
    return this.#call<T>({ method: 'POST', path, contentType: 'application/json', body: JSON.stringify(object) });
  }

  apply<T extends KubeObject>(type: ResourceType, object: KubeObject): Promise<T> {
    return this.#apply(type, object, '');
  }

  applyStatus<T extends KubeObject>(type: ResourceType, object: KubeObject): Promise<T> {
    return this.#apply(type, object, 'status');
  }

  jsonPatch<T extends KubeObject>(ref: ObjectRef, operations: readonly JsonPatchOperation[]): Promise<T> {
    const path = objectPath(ref, this.#managed());
    return this.#call<T>({ method: 'PATCH', path, contentType: JSON_PATCH, body: JSON.stringify(operations) });
  }

  /** An RFC 7386 merge patch of the status. It overwrites whatever it names, so prefer `applyStatus`. */
  mergeStatus<T extends KubeObject>(ref: ObjectRef, patch: unknown): Promise<T> {
    const path = objectPath(ref, this.#managed(), 'status');
    return this.#call<T>({ method: 'PATCH', path, contentType: MERGE_PATCH, body: JSON.stringify(patch) });
  }

  /** Only a uid is a precondition here, so a conflict means that this incarnation is gone. */
  async delete(ref: ObjectRef, { uid, propagation = 'Background' }: DeleteOptions = {}): Promise<void> {
    const body = JSON.stringify({ propagationPolicy: propagation, ...(uid === undefined ? {} : { preconditions: { uid } }) });
    try {
      await this.#call({ method: 'DELETE', path: objectPath(ref), contentType: 'application/json', body });
    } catch (error) {
      if (!isNotFound(error) && !(uid !== undefined && isConflict(error))) throw error;
    }
  }

  async *watch<T extends KubeObject>(type: ResourceType, options: WatchOptions): AsyncGenerator<WatchEvent<T>> {
    const { namespace, labelSelector, fieldSelector, resourceVersion, timeoutSeconds, signal } = options;
    const query = { watch: true, allowWatchBookmarks: true, labelSelector, fieldSelector, resourceVersion, timeoutSeconds };
    const request = { method: 'GET', path: collectionPath(type, namespace, query), signal };
    const response = await this.#send(request);
    for await (const event of jsonLines<WatchEvent<T> | ErrorEvent>(response, signal)) {
      if (event.type === 'ERROR') throw statusError(event.object);
      yield event;
    }
  }

  close(): void {
    this.#transport.close();
  }

  #managed(): Query {
    return { fieldManager: this.#fieldManager };
  }

  #apply<T extends KubeObject>(type: ResourceType, object: KubeObject, subresource: string): Promise<T> {
    const { name, namespace } = object.metadata;
    const ref = { type, name, ...(namespace === undefined ? {} : { namespace }) };
    const path = objectPath(ref, { ...this.#managed(), force: true }, subresource);
    return this.#call<T>({ method: 'PATCH', path, contentType: APPLY, body: JSON.stringify(object) });
  }

  /** The time limit holds for the whole answer: a server that dies in the middle of one must not hold a worker. */
  async #call<T>(request: Request): Promise<T> {
    const deadline = AbortSignal.timeout(this.#timeoutMs);
    const signal = request.signal === undefined ? deadline : AbortSignal.any([request.signal, deadline]);
    const response = await this.#send({ ...request, signal });
    return JSON.parse(await readText(response)) as T;
  }

  async #send(request: Request): Promise<IncomingMessage> {
    const response = await this.#transport.send({ ...request, timeoutMs: this.#timeoutMs }).catch((thrown: unknown) => {
      this.#onRequest(request.method, '<error>');
      throw noAnswer(request, thrown);
    });
    const code = response.statusCode ?? 0;
    this.#onRequest(request.method, String(code));
    if (code >= 200 && code < 300) return response;
    throw statusError(await readText(response), code, response.headers['retry-after']);
  }
}

interface RawList<T> {
  readonly kind?: string;
  readonly metadata: { readonly resourceVersion?: string; readonly continue?: string };
  /** Go writes an empty list as null. */
  readonly items: readonly T[] | null;
}

interface ErrorEvent {
  readonly type: 'ERROR';
  readonly object: unknown;
}

function noAnswer({ method, path }: Request, thrown: unknown): ApiError {
  const { message } = asError(thrown);
  return new ApiError(0, { reason: 'NoAnswer', message: `The API server did not answer ${method} ${path}: ${message}` }, { cause: thrown });
}
