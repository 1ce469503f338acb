/** Lists in pages, all of one version: a page token that outlives a compaction is refused, as a real one is. */
import { ApiError } from '../../../src/runtime/errors.ts';
import type { KubeObject, ListOptions, ListPage } from '../../../src/runtime/types.ts';
import type { Storage } from '../api-server/storage.ts';

/** A server may answer with fewer than asked for; so few make every list a paged one. */
const PAGE = 4;

interface Snapshot {
  readonly items: readonly KubeObject[];
  readonly version: number;
}

export class Pages {
  readonly #snapshots = new Map<string, Snapshot>();
  #tokens = 0;

  page<T extends KubeObject>(storage: Storage, { limit, continueToken }: ListOptions, present: () => readonly KubeObject[]): ListPage<T> {
    const snapshot = continueToken === undefined ? { items: present(), version: storage.version } : this.#snapshot(storage, continueToken);
    const size = limit === undefined ? snapshot.items.length : Math.min(limit, PAGE);
    const rest = snapshot.items.slice(size);
    const page = { items: snapshot.items.slice(0, size) as unknown as readonly T[], resourceVersion: `${snapshot.version}` };
    if (rest.length === 0) return page;
    const token = `page-${this.#tokens++}`;
    this.#snapshots.set(token, { items: rest, version: snapshot.version });
    return { ...page, continueToken: token };
  }

  #snapshot(storage: Storage, token: string): Snapshot {
    const snapshot = this.#snapshots.get(token);
    if (snapshot === undefined || storage.isCompacted(snapshot.version)) throw new ApiError(410, { reason: 'Expired', message: 'The provided continue parameter is too old to display a consistent list result.' });
    return snapshot;
  }
}
