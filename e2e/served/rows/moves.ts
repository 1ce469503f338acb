/** Hand-overs that end well, by each strategy, and the ways back that somebody asks for. */
import { expect } from 'vitest';

import { dismiss, invite } from '../../lib/guest.ts';
import { kubectl } from '../../lib/kubectl.ts';
import { patience } from '../../lib/patience.ts';
import { condition, isTrue, type PruneJob } from '../../lib/prunejob.ts';
import type { InferenceService } from '../../lib/service.ts';
import type { Row } from '../lib/row.ts';
import { model, namespace, service, type Scene } from '../lib/scene.ts';

const surge = { serving: { strategy: 'Surge' } };
const recreate = { serving: { strategy: 'Recreate' } };
const isWritten = ({ status }: PruneJob): boolean => status?.serving?.rollout?.writtenAt !== undefined;

const forward: readonly Row[] = [
  { title: 'by Canary', name: 'canary', always: true, served: { autoscaled: true }, cause: provesFirst, end: 'Finished', service: 'Moved', requests: 'AllAnswered' },
  { title: 'by Surge', name: 'surge', overlay: surge, end: 'Finished', service: 'Moved', requests: 'AllAnswered' },
  { title: 'by Surge, once others give their GPUs back', name: 'late-gpus', always: true, overlay: surge, within: fullNode, cause: othersLeave, end: 'Finished', service: 'Moved', requests: 'AllAnswered' },
  { title: 'by Recreate, where no other GPU is free', name: 'recreate', overlay: recreate, within: fullNode, cause: tellsDowntime, end: 'Finished', service: 'Moved', requests: 'Interrupted' },
  { title: 'suspended midway, that goes on later', name: 'suspended', overlay: surge, cause: pauses, end: 'Finished', service: 'Moved', requests: 'AllAnswered' },
];

const back: readonly Row[] = [
  { title: 'by Canary, asked back after its end', name: 'canary-and-back', cause: isAskedBack, end: 'Finished', service: 'PutBack', requests: 'AllAnswered' },
  {
    title: 'by Recreate, where no other GPU is free, asked back after its end', name: 'recreate-and-back', always: true, overlay: recreate, within: fullNode, cause: tellsDowntimeAndIsAskedBack,
    end: 'Finished', service: 'PutBack', requests: 'Interrupted',
  },
  { title: 'by Surge, asked back midway', name: 'asked-back', overlay: surge, cause: isAskedBackMidway, end: 'RolledBack', says: /rollbackRequested/, service: 'PutBack', requests: 'AllAnswered' },
  { title: 'deleted midway', name: 'deleted', overlay: surge, cause: isDeletedMidway, end: 'Deleted', service: 'PutBack', requests: 'AllAnswered' },
];

export const moves: readonly Row[] = [...forward, ...back];

function fullNode(): Promise<AsyncDisposable> {
  return invite('guest', namespace, { gpus: 4 });
}

async function othersLeave(scene: Scene): Promise<void> {
  await scene.reaches('a wait for GPUs', (job) => condition(job, 'Served')?.reason === 'WaitingForGPUs');
  await dismiss('guest', namespace);
}

/** A pod that is told to end counts as gone at once, yet answers for as long as its preStop hook lasts. */
async function tellsDowntime(scene: Scene): Promise<void> {
  const { status } = await scene.ends();
  const told = status?.serving?.rollout?.downtimeSeconds ?? 0;
  const seen = scene.requests.downSeconds;
  expect(told, `seconds of downtime, of which a client saw ${seen}`).toBeGreaterThan(seen - 5);
  expect(told).toBeLessThan(seen + 15);
}

/** Nothing of the service is the pruned model's before its canary runs. */
async function provesFirst(scene: Scene): Promise<void> {
  await scene.ends();
  const changed = (seen: (object: PruneJob | InferenceService) => boolean) => scene.history.changes.findIndex(({ object }) => object !== undefined && seen(object as PruneJob | InferenceService));
  const proved = changed(({ metadata, status }) => metadata.name === scene.name && 'canaryReadyAt' in ((status as PruneJob['status'])?.serving?.rollout ?? {}));
  const touched = changed(({ metadata, spec }) => metadata.name === service && (spec as InferenceService['spec']).predictor.model.storageUri !== model);
  expect(proved, 'the change that says that the canary runs').toBeGreaterThan(0);
  expect(touched, 'the change of the service').toBeGreaterThan(proved);
  expect(scene.history.created('pods', `${service}-stun-predictor-`), 'pods of the canary').toHaveLength(1);
}

async function pauses(scene: Scene): Promise<void> {
  await scene.reaches('its rollout', isWritten);
  await scene.patch({ suspend: true });
  await scene.reaches('its suspension', ({ status }) => status?.phase === 'Suspended');
  await scene.patch({ suspend: false });
}

async function tellsDowntimeAndIsAskedBack(scene: Scene): Promise<void> {
  await tellsDowntime(scene);
  await isAskedBack(scene);
}

async function isAskedBack(scene: Scene): Promise<void> {
  await scene.ends();
  await scene.patch({ serving: { rollbackRequested: true } });
  await scene.history.until('the way back', patience, () => scene.pruneJob?.status?.phase === 'RolledBack');
  expect(scene.pruneJob && [isTrue(scene.pruneJob, 'RolledBack'), isTrue(scene.pruneJob, 'Served')]).toEqual([true, false]);
}

async function isAskedBackMidway(scene: Scene): Promise<void> {
  await scene.reaches('its rollout', isWritten);
  await scene.patch({ serving: { rollbackRequested: true } });
}

async function isDeletedMidway(scene: Scene): Promise<void> {
  await scene.reaches('its rollout', isWritten);
  await kubectl(['delete', 'prunejob', scene.name, '-n', namespace, '--wait', '--timeout=300s']);
}
