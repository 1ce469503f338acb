/** A row of the tables: which hand-over meets what, and what must be left of it. */
import type { Overlay } from '../../lib/prunejob.ts';
import type { ServiceOptions } from '../../lib/service.ts';
import { expectOutcome } from './outcome.ts';
import { Scene } from './scene.ts';

export interface Expected {
  /** The reason of Complete or Failed; Deleted if the PruneJob is gone instead. */
  readonly end: string;
  /** What its message says. */
  readonly says?: RegExp;
  /** Untouched: the very pods that served before serve still. PutBack: pods of the old model, which may be others. */
  readonly service: 'Moved' | 'Untouched' | 'PutBack';
  /** Whether a client noticed. */
  readonly requests: 'AllAnswered' | 'Interrupted';
}

export interface Row extends Expected {
  readonly title: string;
  /** Of the PruneJob. */
  readonly name: string;
  /** Replaces fields of the documentation's sample. */
  readonly overlay?: Overlay;
  /** Of the service, where it is not as all others are. */
  readonly served?: Partial<ServiceOptions>;
  /** A field manager that has set every field of the service. */
  readonly owner?: string;
  /** While the PruneJob is at work, which has just been applied. */
  readonly cause?: (scene: Scene) => Promise<void>;
  /** What the row needs of the cluster: made before the service starts, gone when all is over. */
  readonly within?: () => Promise<AsyncDisposable>;
  /** One of each kind is part of `make test`; the others of `make e2e-full`. */
  readonly always?: true;
}

export async function handOver(row: Row): Promise<void> {
  await using around = new AsyncDisposableStack();
  around.use(await row.within?.());
  const scene = around.use(await Scene.begin(row));
  await row.cause?.(scene);
  await expectOutcome(scene, row);
}
