/**
 * What etcd is to the API server: objects under versions that only grow, and the history that a watch replays until it is compacted.
 *
 * Objects are never changed in place: readers, watches and the history share them.
 */
import { ApiError } from '../../../src/runtime/errors.ts';
import { keyOf, typeId } from '../../../src/runtime/keys.ts';
import type { Key, KubeObject, ResourceType } from '../../../src/runtime/types.ts';

/** Who wrote: a field manager, and of the operator which process. */
export interface Author {
  readonly manager: string;
  readonly process?: string;
}

export interface Commit {
  readonly type: ResourceType;
  readonly key: Key;
  readonly version: number;
  readonly before: KubeObject | undefined;
  /** Undefined when the object is gone. */
  readonly after: KubeObject | undefined;
  readonly by: Author;
}

export type CommitListener = (commit: Commit) => void;

export class Storage {
  readonly #objects = new Map<string, Map<Key, KubeObject>>();
  readonly #history = new Map<string, Commit[]>();
  readonly #listeners: CommitListener[] = [];
  #version = 1000;
  #compactedAt = 0;
  #uids = 0;

  get version(): number {
    return this.#version;
  }

  newUid(): string {
    this.#uids += 1;
    return `uid-${this.#uids}`;
  }

  get(type: ResourceType, key: Key): KubeObject | undefined {
    return this.#objects.get(typeId(type))?.get(key);
  }

  list(type: ResourceType): readonly KubeObject[] {
    return [...(this.#objects.get(typeId(type))?.values() ?? [])];
  }

  /** In the order in which they asked, right after the write: actors and invariants both see every single one. */
  onCommit(listener: CommitListener): void {
    this.#listeners.push(listener);
  }

  put(type: ResourceType, object: KubeObject, by: Author): KubeObject {
    this.#version += 1;
    const key = keyOf(object);
    const after = { ...object, metadata: { ...object.metadata, resourceVersion: `${this.#version}` } };
    const kind = this.#objects.get(typeId(type)) ?? new Map<Key, KubeObject>();
    const before = kind.get(key);
    kind.set(key, after);
    this.#objects.set(typeId(type), kind);
    this.#commit({ type, key, version: this.#version, before, after, by });
    return after;
  }

  remove(type: ResourceType, object: KubeObject, by: Author): void {
    this.#version += 1;
    const key = keyOf(object);
    this.#objects.get(typeId(type))?.delete(key);
    this.#commit({ type, key, version: this.#version, before: object, after: undefined, by });
  }

  isCompacted(version: number): boolean {
    return version < this.#compactedAt;
  }

  /** What a watch from that version has to tell first. */
  since(type: ResourceType, version: number): readonly Commit[] {
    if (this.isCompacted(version)) throw tooOld(version, this.#compactedAt);
    return (this.#history.get(typeId(type)) ?? []).filter((commit) => commit.version > version);
  }

  /** From now on nobody can go on from an older version. */
  compact(): void {
    this.#compactedAt = this.#version;
    this.#history.clear();
  }

  #commit(commit: Commit): void {
    const id = typeId(commit.type);
    const history = this.#history.get(id) ?? [];
    history.push(commit);
    this.#history.set(id, history);
    for (const listener of this.#listeners) listener(commit);
  }
}

function tooOld(asked: number, oldest: number): ApiError {
  return new ApiError(410, { reason: 'Expired', message: `too old resource version: ${asked} (${oldest})` });
}
