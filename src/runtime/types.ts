/**
 * The words every part of the runtime shares: raw Kubernetes objects, keys and the contracts between client, store and controller.
 *
 * Objects stay raw JSON on purpose: typed models drop fields they do not know, and turn times into `Date`s that no longer compare equal.
 */

/** `namespace/name`, or `name` for cluster-scoped objects. All that an event carries: what changed is read from the stores. */
export type Key = string;

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

export interface ManagedFieldsEntry {
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  readonly fieldsV1?: Readonly<Record<string, unknown>>;
}

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
  readonly managedFields?: readonly ManagedFieldsEntry[];
}

export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
}

/** Where a kind lives in the API. `group` is empty for the core group. */
export interface ResourceType {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

export interface ObjectRef {
  readonly type: ResourceType;
  readonly name: string;
  readonly namespace?: string;
}

export interface JsonPatchOperation {
  readonly op: 'add' | 'remove' | 'replace' | 'test';
  readonly path: string;
  readonly value?: unknown;
}

export interface DeleteOptions {
  /** Deletes only this incarnation: the trap is a same-named object re-created since it was read. */
  readonly uid?: string;
  readonly propagation?: 'Background' | 'Foreground' | 'Orphan';
}

export interface CreateOptions {
  /** Refuses fields that the server does not know; otherwise it drops them with no more than a warning. */
  readonly strict?: boolean;
  /** The server checks and answers as always, and keeps nothing. */
  readonly dryRun?: boolean;
}

export interface ListPage<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
  readonly continueToken?: string;
}

export interface ListOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  readonly continueToken?: string;
  readonly resourceVersion?: string;
  readonly signal?: AbortSignal;
}

/** Every call rejects with an `ApiError` (errors.ts) that carries the HTTP code and the server's reason. */
export interface Client {
  get<T extends KubeObject>(ref: ObjectRef): Promise<T | undefined>;
  list<T extends KubeObject>(type: ResourceType, options?: ListOptions): Promise<ListPage<T>>;
  create<T extends KubeObject>(type: ResourceType, object: T, options?: CreateOptions): Promise<T>;
  /** Server-side apply with force, as field manager `stun-operator`. */
  apply<T extends KubeObject>(type: ResourceType, object: KubeObject): Promise<T>;
  applyStatus<T extends KubeObject>(type: ResourceType, object: KubeObject): Promise<T>;
  jsonPatch<T extends KubeObject>(ref: ObjectRef, operations: readonly JsonPatchOperation[]): Promise<T>;
  /** Resolves also when the object, or the incarnation that `uid` names, is already gone. */
  delete(ref: ObjectRef, options?: DeleteOptions): Promise<void>;
}

export type WatchEventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';

export interface WatchEvent<T> {
  readonly type: WatchEventType;
  readonly object: T;
}

export interface WatchOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly resourceVersion: string;
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
}

export interface WatchingClient extends Client {
  /** Ends when the server closes the stream; an ERROR event (410 above all) throws the `ApiError` it carries. */
  watch<T extends KubeObject>(type: ResourceType, options: WatchOptions): AsyncIterable<WatchEvent<T>>;
}

/** A client that owns connections: the real one, or a simulated one. */
export interface ConnectedClient extends WatchingClient {
  mergeStatus<T extends KubeObject>(ref: ObjectRef, patch: unknown): Promise<T>;
  /** Closes idle connections, so that the process can end. */
  close(): void;
}

/** A read-only view of what the watch has delivered. Objects are frozen. */
export interface ObjectStore<T extends KubeObject = KubeObject> {
  get(key: Key): T | undefined;
  list(): readonly T[];
  byIndex(index: string, value: string): readonly T[];
}

export interface ReconcileResult {
  readonly requeueAfterMs?: number;
}

/** Level-triggered: gets a key, never an event; a rejection is retried with backoff, a `TerminalError` is not. */
export type Reconcile = (key: Key) => Promise<ReconcileResult>;
