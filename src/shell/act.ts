/**
 * The only place that changes the cluster on a decision's behalf.
 *
 * Every action may run twice (a lost answer, a restart between act and status), so each one is harmless the second time, and each
 * names the incarnation it means, because a same-named object may have taken its place since it was read.
 */
import { finalizer } from '../api/names.ts';
import type { PruneJob } from '../api/v1alpha1/prunejob.ts';
import type { Action } from '../prunejob/decision.ts';
import type { KubeObject } from '../prunejob/kube.ts';
import type { Refusal } from '../prunejob/refused.ts';
import type { Client, JsonPatchOperation, ObjectRef } from '../runtime/types.ts';
import { addFinalizer, removeFinalizer, type NextVersion } from './finalizer.ts';
import { createChild } from './create-child.ts';
import { expectIdle } from './expect-idle.ts';
import { claimType, jobType } from './resources.ts';
import { applyService, releaseService } from './write-service.ts';
import { writeConfigMap } from './write-config-map.ts';

/** Rejects with what a retry may mend, and answers what none will, or the version that the action gave the PruneJob itself. */
export type Act = (action: Action, pruneJob: PruneJob) => Promise<Refusal | NextVersion | undefined>;

type ActionOf<K extends Action['kind']> = Extract<Action, { readonly kind: K }>;

/** `begin` is told of every Job right before it is asked for, and throws where it must not be. */
export function createAct(client: Client, begin?: (pruneJob: PruneJob, manifest: KubeObject) => void): Act {
  return async (action, pruneJob) => {
    if (action.kind === 'CreateJob') {
      if (mayHaveJobs(pruneJob)) await expectIdle(client, pruneJob);
      begin?.(pruneJob, action.manifest);
      return createChild(client, jobType, action.manifest, pruneJob);
    }
    if (action.kind === 'CreateClaim') return createChild(client, claimType, action.manifest, pruneJob);
    if (action.kind === 'AddFinalizer') return addFinalizer(client, pruneJob);
    await change(client, action, pruneJob);
    return undefined;
  };
}

function change(client: Client, action: Exclude<Action, { readonly kind: 'CreateJob' | 'CreateClaim' | 'AddFinalizer' }>, pruneJob: PruneJob): Promise<void> {
  switch (action.kind) {
    case 'RemoveFinalizer':
      return letGo(client, action, pruneJob);
    case 'WriteConfigMap':
      return writeConfigMap(client, action.manifest, pruneJob);
    case 'DeleteJob':
      return client.delete(jobRef(action.name, pruneJob), { uid: action.uid, propagation: 'Foreground' });
    case 'DeleteClaim':
      return client.delete({ type: claimType, name: action.name, namespace: pruneJob.metadata.namespace }, { uid: action.uid });
    case 'UpdateJob':
      return updateJob(client, jobRef(action.name, pruneJob), action);
    case 'ApplyService':
      return applyService(client, action, pruneJob);
    case 'ReleaseService':
      return releaseService(client, action, pruneJob);
  }
}

/** Where our finalizer was not there before this turn, nothing can have been made yet: the first Job costs no read. */
function mayHaveJobs({ metadata }: PruneJob): boolean {
  return metadata.finalizers?.includes(finalizer) === true;
}

async function letGo(client: Client, { onceIdle }: ActionOf<'RemoveFinalizer'>, pruneJob: PruneJob): Promise<void> {
  if (onceIdle === true) await expectIdle(client, pruneJob);
  await removeFinalizer(client, pruneJob);
}

/** `add` also replaces, so it fits whether or not the field is there. */
async function updateJob(client: Client, ref: ObjectRef, { uid, spec }: ActionOf<'UpdateJob'>): Promise<void> {
  const changes = Object.entries(spec).map(([field, value]): JsonPatchOperation => ({ op: 'add', path: `/spec/${field}`, value }));
  await client.jsonPatch(ref, [{ op: 'test', path: '/metadata/uid', value: uid }, ...changes]);
}

function jobRef(name: string, { metadata }: PruneJob): ObjectRef {
  return { type: jobType, name, namespace: metadata.namespace };
}
