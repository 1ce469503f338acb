/**
 * A PruneJob as the API server returns it.
 *
 * The metadata is a small type of our own because this lowest layer imports neither the runtime nor a client.
 */
import type { PruneJobSpec, PruneJobStatus } from './prunejob.generated.ts';

export type * from './prunejob.generated.ts';

export interface PruneJobMetadata {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion?: string;
  readonly generation: number;
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
}

export interface PruneJob {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: PruneJobMetadata;
  readonly spec: PruneJobSpec;
  readonly status?: PruneJobStatus;
}
