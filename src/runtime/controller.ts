import type { Source } from './sources.ts';
import type { Reconcile } from './types.ts';
export interface ControllerOptions {
  /** Label of its metrics and log lines. */
  readonly name: string;
  readonly reconcile: Reconcile;
  /** Default 4; one key is never reconciled twice at a time. */
  readonly concurrency?: number;
  /** The first one is the primary: its keys are looked at again every ten minutes. */
  readonly sources: readonly Source[];
}
