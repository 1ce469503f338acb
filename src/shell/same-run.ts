/**
 * Which of several PruneJobs may write to the place of one run: the others wait for it.
 *
 * A run key is told by an image that its PruneJob chose. In a namespace of one's own that is as good as one's own word; from another one it
 * could hold up a run for ever, so there the key has to go with the model and the pruning that it stands for.
 */
import { isDeepStrictEqual } from 'node:util';

import { labels } from '../api/names.ts';
import type { PruneJob } from '../api/v1alpha1/prunejob.ts';
import { compact } from '../prunejob/compact.ts';
import { resolvedPruning } from '../prunejob/engine/recipe.ts';
import { isFinished } from '../prunejob/failure/failure.ts';
import { isTrue, type KubeObject } from '../prunejob/kube.ts';
import type { Observed } from '../prunejob/observed.ts';
import type { Key } from '../runtime/types.ts';
import { childJob, ownJobs } from './child-jobs.ts';
import type { Starting } from './starting.ts';
import type { Stores } from './stores.ts';

export interface RunOptions {
  readonly stores: Stores;
  /** Keys of the PruneJobs whose engines have told this run key. */
  readonly workingOn: (runKey: string) => readonly Key[];
  readonly starting?: Pick<Starting, 'has' | 'begin'>;
}

/** Those that write to the place of a run. */
const writing: readonly (string | undefined)[] = ['prune', 'clean'];

/**
 * Between a decision and its Job another PruneJob of the run may have been decided about: so looking once more and beginning are one step.
 * What writes nothing disturbs nobody.
 */
export function beginJob(options: RunOptions, pruneJob: PruneJob, manifest: KubeObject): void {
  if (!writing.includes(manifest.metadata.labels?.[labels.stage])) return;
  const first = sameRun(options, pruneJob);
  if (first !== undefined) throw new Error(`PruneJob ${first.namespace}/${first.name} has begun the same run meanwhile; this one goes on when that is over.`);
  options.starting?.begin(pruneJob.metadata.uid, manifest);
}

/** Of those that would write to one place, the one that goes before this one. */
export function sameRun(options: RunOptions, pruneJob: PruneJob): Observed['sameRun'] {
  const runKey = pruneJob.status?.runKey;
  if (runKey === undefined) return undefined;
  // One that failed may still wait for the last pod of the Job that it stopped.
  const mayWrite = (other: PruneJob): boolean => isUnfinished(other) || works(options.stores, other);
  const others = ofRun(options, runKey).filter((other) => mayWrite(other) && sharesRun(pruneJob, other));
  const first = others.find((other) => rank(options, other) < rank(options, pruneJob));
  return first && { namespace: first.metadata.namespace, name: first.metadata.name, ...(first.metadata.deletionTimestamp === undefined ? {} : { isBeingDeleted: true }) };
}

/** An engine tells its run key before the status can, and the cache is later still; once the status tells one, that counts. */
function ofRun({ stores: { pruneJobs }, workingOn }: RunOptions, runKey: string): PruneJob[] {
  const told = workingOn(runKey).flatMap((key) => pruneJobs.get(key) ?? []);
  return [...pruneJobs.byIndex('runKey', runKey), ...told.filter(({ status }) => status?.runKey === undefined)];
}

/**
 * Whoever writes goes first, then the oldest; of two of the same second, the one whose uid sorts first.
 * A suspended one goes last, for nobody knows when it goes on; when it does, or is deleted, it must not disturb who went past it.
 */
function rank(options: RunOptions, pruneJob: PruneJob): string {
  const { metadata, spec } = pruneJob;
  return [activity(options, pruneJob), spec.suspend === true ? 1 : 0, metadata.creationTimestamp, metadata.uid].join(' ');
}

/** A Job that was asked for may never have come to be, so it stands behind one that is seen at work, and before none. */
function activity({ stores, starting }: RunOptions, pruneJob: PruneJob): number {
  if (works(stores, pruneJob)) return 0;
  return starting?.has(pruneJob.metadata.uid) === true ? 1 : 2;
}

function works(stores: Stores, pruneJob: PruneJob): boolean {
  return ownJobs(stores, pruneJob).flatMap(childJob).some(({ stage, job }) => writing.includes(stage) && !isFinished(job));
}

/** Whether another PruneJob that tells the same run key would really write to the same place. */
export function sharesRun(mine: PruneJob, other: PruneJob): boolean {
  if (place(mine) !== place(other)) return false;
  return mine.metadata.namespace === other.metadata.namespace || isDeepStrictEqual(asked(mine), asked(other));
}

/** A claim is of its namespace; a bucket is the same from everywhere. */
function place({ metadata, spec }: PruneJob): string {
  const uri = withoutSlash(spec.output.uri);
  return uri.startsWith('pvc://') ? `${metadata.namespace} ${uri}` : uri;
}

/** Whether a ratio was given or planned, it is the same run. */
function asked({ spec, status }: PruneJob): object {
  return { model: withoutSlash(spec.model.uri), pruning: compact({ ...resolvedPruning(spec, status?.plan?.ratio), targetGPUs: undefined }) };
}

function withoutSlash(uri: string): string {
  return uri.replace(/\/$/, '');
}

export function isUnfinished({ status }: PruneJob): boolean {
  return !isTrue(status?.conditions, 'Complete') && !isTrue(status?.conditions, 'Failed');
}
