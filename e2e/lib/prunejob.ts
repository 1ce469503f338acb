/** PruneJobs as the tests and the demo see them: applied by kubectl, read back from the API server. */
import { readFile } from 'node:fs/promises';
import { load } from 'js-yaml';

import type { PruneJobSpec, PruneJobStatus } from '../../src/api/v1alpha1/prunejob.generated.ts';
import { get, type Condition, type Resource } from './kubectl.ts';
import { waitFor } from './wait.ts';

const sampleFile = new URL('../../manifests/samples/prunejob.yaml', import.meta.url);

export type PruneJob = Resource<PruneJobSpec, PruneJobStatus>;

export async function read(name: string, namespace: string): Promise<PruneJob> {
  const job = await get<PruneJob>('prunejob', name, namespace);
  if (job === undefined) throw new Error(`PruneJob ${name} does not exist in namespace ${namespace}.`);
  return job;
}

export function condition(job: PruneJob, type: string): Condition | undefined {
  return (job.status?.conditions as Condition[] | undefined)?.find((candidate) => candidate.type === type);
}

export function isTrue(job: PruneJob, type: string): boolean {
  return condition(job, type)?.status === 'True';
}

export function finished(job: PruneJob): boolean {
  return isTrue(job, 'Complete') || isTrue(job, 'Failed');
}

/** In one line, how it ended or where it stands. */
export function explain(job: PruneJob): string {
  const end = condition(job, 'Failed') ?? condition(job, 'Complete');
  return `${job.status?.phase ?? ''} ${end?.reason ?? ''}: ${end?.message ?? ''}`;
}

/** Waits for the end, whatever it is, telling each state on the way. */
export async function untilFinished(
  name: string,
  namespace: string,
  timeoutSeconds: number,
  onChange: (job: PruneJob) => void = () => undefined,
): Promise<PruneJob> {
  let last: PruneJob | undefined;
  return waitFor(
    `PruneJob ${name} to finish`,
    timeoutSeconds,
    async () => {
      last = await read(name, namespace);
      onChange(last);
      return finished(last) ? last : undefined;
    },
    () => `Its status is ${JSON.stringify(last?.status)}`,
  );
}

export type Overlay = Readonly<Record<string, unknown>>;

/** The sample PruneJob of the documentation with these fields replaced, one overlay after the other; `undefined` removes one. */
export async function samplePruneJob(name: string, ...overlays: readonly Overlay[]): Promise<PruneJob> {
  const sample = load(await readFile(sampleFile, 'utf8')) as PruneJob;
  return { ...sample, metadata: { name }, spec: overlays.reduce(merge, sample.spec as unknown as Overlay) as unknown as PruneJobSpec };
}

export function merge(base: Overlay, overlay: Overlay): Overlay {
  const merged: Record<string, unknown> = { ...base };
  for (const [field, value] of Object.entries(overlay)) {
    if (value === undefined) Reflect.deleteProperty(merged, field);
    else if (isOverlay(value) && isOverlay(merged[field])) merged[field] = merge(merged[field], value);
    else merged[field] = value;
  }
  return merged;
}

function isOverlay(value: unknown): value is Overlay {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
