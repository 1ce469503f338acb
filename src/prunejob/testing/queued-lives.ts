/** Lives of a PruneJob whose Job a queue admits, takes back and admits again, among everything else that happens. */
import fc from 'fast-check';
import { expect } from 'vitest';

import { queueLabel, type WorkloadState } from '../queue/kueue.ts';
import { spec, workload } from './builders.ts';
import { born, happenings as others, watched } from './lives.ts';
import type { World } from './world.ts';

type Happening = (world: World) => void;

const reserved = (status: 'True' | 'False', message: string) => ({ type: 'QuotaReserved', status, message });
const lacking = reserved('False', 'insufficient unused quota for nvidia.com/gpu in flavor h100, 1 more needed');
const evicted = { type: 'Evicted', status: 'True', reason: 'Preempted', message: 'Preempted to accommodate a workload' };

/** What Kueue says is there before what it does. */
const says = (state: WorkloadState, suspend?: boolean): Happening => (world) => {
  world.change({ workload: state });
  if (suspend !== undefined) world.hold(suspend);
};

export const queue: Readonly<Record<string, Happening>> = {
  'the queue has no quota': says(workload({ conditions: [lacking] })),
  'the queue admits': says(workload({ conditions: [reserved('True', 'Quota reserved')] }), false),
  'the queue preempts': says(workload({ conditions: [lacking, evicted] }), true),
  'the queue is gone': says(workload({ conditions: [reserved('False', 'LocalQueue gpu is terminating or missing'), evicted] }), true),
  'the Workload is deactivated': says(workload({ conditions: [evicted] }, { active: false }), true),
  'Kueue is gone': says('NoKueue'),
};

const happenings: Readonly<Record<string, Happening>> = { ...others, ...queue };
const admitted = ['inspected', 'the queue admits', 'prune started'];
const beginnings = fc.constantFrom(['inspected'], ['inspected', 'the queue has no quota'], admitted, [...admitted, 'the queue preempts'], [...admitted, 'pruned', 'pods come up']);
export const queuedLives = fc.tuple(beginnings, fc.array(fc.constantFrom(...Object.keys(happenings)), { maxLength: 20 })).map(([start, rest]) => [...start, ...rest]);

export function queued(): World {
  return born({ runner: { ...spec().runner, queueName: 'gpu' } });
}

export function queuedLive(names: readonly string[], world = queued()): World {
  held(world);
  for (const name of names) {
    happenings[name]?.(world);
    for (let turn = 0; turn < 3; turn += 1) held(world);
  }
  return world;
}

/** One decision of a run that has a queue: it hands the Job over when it makes it, and never again. */
function held(world: World): void {
  for (const action of watched(world).actions) {
    if (action.kind === 'UpdateJob') expect(Object.keys(action.spec), 'fields of a Job that change').not.toContain('suspend');
    if (action.kind === 'CreateJob' && action.manifest.metadata.name.includes('-prune-')) expect(action.manifest).toMatchObject({ metadata: { labels: { [queueLabel]: 'gpu' } }, spec: { suspend: true } });
  }
}
