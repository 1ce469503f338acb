/**
 * The API server: what each verb does to the objects, and what it refuses. Time, loss and lateness are the network's affair.
 */
import type { Scheduler } from '../clock/scheduler.ts';
import { ApiError } from '../../../src/runtime/errors.ts';
import { joinKey, typeId } from '../../../src/runtime/keys.ts';
import type { DeleteOptions, JsonPatchOperation, Key, KubeObject, ResourceType } from '../../../src/runtime/types.ts';
import { inferenceServiceType } from '../../../src/prunejob/serving/kserve-types.ts';
import { jobType, podType, pruneJobType } from '../../../src/shell/resources.ts';
import { patched } from './json-patch.ts';
import { applied, isSame, updated } from './managed-fields.ts';
import { Storage, type Author } from './storage.ts';

export const foreground = 'foregroundDeletion';

/** Kinds whose field owners somebody asks about; for all others the bookkeeping would be wasted. */
const tracked = new Set([inferenceServiceType, pruneJobType].map(typeId));

type WithSpec = KubeObject & { readonly spec?: unknown; readonly status?: unknown };

export class ApiServer {
  readonly storage = new Storage();
  readonly #scheduler: Scheduler;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  get(type: ResourceType, key: Key): KubeObject | undefined {
    return this.storage.get(type, key);
  }

  list(type: ResourceType): readonly KubeObject[] {
    return this.storage.list(type);
  }

  create(type: ResourceType, object: KubeObject, by: Author): KubeObject {
    const key = joinKey(object.metadata.namespace, object.metadata.name);
    if (this.storage.get(type, key) !== undefined) throw new ApiError(409, { reason: 'AlreadyExists', message: `${type.plural} "${object.metadata.name}" already exists` });
    const metadata = { ...object.metadata, uid: this.storage.newUid(), generation: 1, creationTimestamp: this.#time() };
    const created = asJson({ ...object, metadata });
    return this.storage.put(type, tracked.has(typeId(type)) ? updated({ ...created, spec: {} } as KubeObject, created, { manager: by.manager, operation: 'Update' }) : created, by);
  }

  /** Server-side apply with force, on what is there: nothing here is ever created by it. A uid or a version in the configuration is a condition. */
  apply(type: ResourceType, object: KubeObject, by: Author, subresource?: 'status'): KubeObject {
    const { name, namespace, uid, resourceVersion } = object.metadata;
    const live = this.#must(type, joinKey(namespace, name));
    if ((uid ?? live.metadata.uid) !== live.metadata.uid) throw conflict(type, name, `the uid ${uid ?? ''} is not the object's`);
    if ((resourceVersion ?? live.metadata.resourceVersion) !== live.metadata.resourceVersion) throw conflict(type, name, 'the object has been modified; please apply your changes to the latest version and try again');
    const owner = { manager: by.manager, operation: 'Apply' as const, ...(subresource === undefined ? {} : { subresource }) };
    return this.#write(type, live, applied(live, asJson(object), owner), by);
  }

  jsonPatch(type: ResourceType, key: Key, operations: readonly JsonPatchOperation[], by: Author): KubeObject {
    const live = this.#must(type, key);
    const next = asJson(patched(live, operations) as KubeObject);
    return this.#write(type, live, tracked.has(typeId(type)) ? updated(live, next, { manager: by.manager, operation: 'Update' }) : next, by);
  }

  /** How everybody but the operator writes: on what is there right now. Nothing happens to an object that is gone. */
  update<T extends KubeObject>(type: ResourceType, key: Key, change: (object: T) => T, by: Author): void {
    const live = this.storage.get(type, key) as T | undefined;
    if (live === undefined) return;
    const next = change(live);
    this.#write(type, live, tracked.has(typeId(type)) ? updated(live, next, { manager: by.manager, operation: 'Update' }) : next, by);
  }

  /** A pod is deleted gracefully: the kubelet removes it. Everything else goes at once, unless a finalizer holds it. */
  delete(type: ResourceType, key: Key, { uid, propagation }: DeleteOptions, by: Author): void {
    const live = this.#must(type, key);
    if (uid !== undefined && uid !== live.metadata.uid) throw conflict(type, live.metadata.name, `the uid ${uid} is not the object's`);
    const finalizers = [...(live.metadata.finalizers ?? []), ...(propagation === 'Foreground' && typeId(type) === typeId(jobType) ? [foreground] : [])];
    if (finalizers.length === 0 && !isOnNode(type, live)) this.storage.remove(type, live, by);
    else if (live.metadata.deletionTimestamp === undefined) this.storage.put(type, { ...live, metadata: { ...live.metadata, finalizers, deletionTimestamp: this.#time() } }, by);
  }

  /** By the kubelet. */
  removePod(key: Key, by: Author): void {
    const pod = this.storage.get(podType, key);
    if (pod !== undefined) this.storage.remove(podType, pod, by);
  }

  #write(type: ResourceType, live: KubeObject, next: KubeObject, by: Author): KubeObject {
    if (isSame(live, next)) return live;
    const { finalizers = [], deletionTimestamp } = next.metadata;
    if (deletionTimestamp !== undefined && finalizers.length === 0 && !isOnNode(type, next)) {
      this.storage.remove(type, live, by);
      return next;
    }
    const generation = (live.metadata.generation ?? 1) + (isSame(specOf(live), specOf(next)) ? 0 : 1);
    return this.storage.put(type, { ...next, metadata: { ...next.metadata, generation } }, by);
  }

  #must(type: ResourceType, key: Key): KubeObject {
    const live = this.storage.get(type, key);
    if (live === undefined) throw notFound(type, key);
    return live;
  }

  #time(): string {
    return `${this.#scheduler.now().toISOString().slice(0, 19)}Z`;
  }
}

function specOf(object: KubeObject): KubeObject {
  return ((object as WithSpec).spec ?? {}) as KubeObject;
}

function isOnNode(type: ResourceType, object: KubeObject): boolean {
  return typeId(type) === typeId(podType) && (object as KubeObject & { readonly spec?: { readonly nodeName?: string } }).spec?.nodeName !== undefined;
}

/** What went over a wire has no fields that are undefined, and shares nothing with the sender. */
function asJson<T extends KubeObject>(object: T): T {
  return JSON.parse(JSON.stringify(object)) as T;
}

function notFound(type: ResourceType, name: string): ApiError {
  return new ApiError(404, { reason: 'NotFound', message: `${type.plural} "${name}" not found` });
}

function conflict(type: ResourceType, name: string, why: string): ApiError {
  return new ApiError(409, { reason: 'Conflict', message: `Operation cannot be fulfilled on ${type.plural} "${name}": ${why}` });
}
