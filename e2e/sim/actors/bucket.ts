/** The storage that engines write to: what was uploaded, and what a manifest makes a model of. */
import type { PruneJob } from '../../../src/api/v1alpha1/prunejob.ts';
import type { EngineResult } from '../../../src/prunejob/engine/messages.ts';
import { result } from '../../../src/prunejob/testing/builders.ts';

/** Where a run writes, and under which key. */
export interface Place {
  readonly runKey: string;
  readonly uri: string;
}

/** The spec decides the key, as the resolved recipe does: here its calibration seed stands for all of it. */
export function placeOf({ spec }: Pick<PruneJob, 'spec'>): Place {
  const runKey = (spec.calibration?.seed ?? 0).toString(16).padStart(16, '0');
  return { runKey, uri: `${spec.output.uri}tiny-moe/${runKey}/` };
}

export class Bucket {
  readonly #unpublished = new Set<string>();
  readonly #published = new Map<string, EngineResult>();

  upload({ uri }: Place): void {
    if (!this.#published.has(uri)) this.#unpublished.add(uri);
  }

  /** The manifest's If-None-Match: who comes second ends well with the result of the first. */
  publish({ uri, runKey }: Place): EngineResult {
    this.#unpublished.delete(uri);
    const before = this.#published.get(uri);
    if (before !== undefined) return { ...before, reused: true };
    const made = result({ runKey, uri });
    this.#published.set(uri, made);
    return made;
  }

  clean({ uri }: Place): void {
    this.#unpublished.delete(uri);
  }

  isPublished(uri: string): boolean {
    return this.#published.has(uri);
  }

  hasLeftovers({ uri }: Place): boolean {
    return this.#unpublished.has(uri);
  }

  existing({ uri }: Place): EngineResult | null {
    const made = this.#published.get(uri);
    return made === undefined ? null : { ...made, reused: true };
  }
}
