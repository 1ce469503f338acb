/**
 * The service of a PruneJob, read by the adapter of its kind: from the caches where the kind is watched, else by asking.
 *
 * What is asked for tells nobody when it changes, so whoever waits for it looks again by the clock; one PruneJob's few requests cost an
 * API server less than a watch of every pod it has.
 */
import type { PruneJob, ServingSpec } from '../api/v1alpha1/prunejob.ts';
import { isAwaitingGit } from '../prunejob/handover/awaiting-git.ts';
import { isAwaitingRollback } from '../prunejob/handover/awaiting-rollback.ts';
import { isTrue, type KubeObject } from '../prunejob/kube.ts';
import type { ServiceState, ServingObjects } from '../prunejob/observed.ts';
import type { Asked, ServiceKind } from '../prunejob/serving/registry.ts';
import { listAll } from '../runtime/pager.ts';
import type { Client, ObjectRef } from '../runtime/types.ts';
import { deploymentType, podType, replicaSetType } from './resources.ts';
import type { LiveDeployment, LivePod, LiveReplicaSet, ServingStores, Stores } from './stores.ts';

export interface ServicesOptions {
  readonly stores: Pick<Stores, 'serving'>;
  readonly client: Pick<Client, 'get' | 'list'>;
  readonly kindOf: (ref: ServingSpec['ref']) => ServiceKind | undefined;
}

export async function serviceOf({ stores, client, kindOf }: ServicesOptions, pruneJob: PruneJob): Promise<ServiceState> {
  const ref = pruneJob.spec.serving?.ref;
  if (ref === undefined) return 'NotAsked';
  const kind = kindOf(ref);
  if (kind === undefined) return 'Missing';
  const { rendered, type, adapter } = kind;
  if ('selector' in rendered && isOver(pruneJob)) return 'NotAsked';
  const place = { type, namespace: pruneJob.metadata.namespace, name: ref.name };
  const objects = 'selector' in rendered ? await ask(client, place, rendered) : cached(stores.serving.get(kind), `${place.namespace}/${place.name}`);
  return objects === undefined ? 'Missing' : adapter.read(objects);
}

function cached(stores: ServingStores | undefined, key: string): ServingObjects | undefined {
  const service = stores?.services.get(key);
  if (stores === undefined || service === undefined) return undefined;
  const [deployments, replicaSets, pods] = [stores.deployments.byIndex('service', key), stores.replicaSets.byIndex('service', key), stores.pods.byIndex('service', key)];
  return { service, deployments, replicaSets, pods };
}

async function ask(client: ServicesOptions['client'], place: ObjectRef & { readonly namespace: string }, { selector }: Asked): Promise<ServingObjects | undefined> {
  const service = await client.get<KubeObject>(place);
  if (service === undefined) return undefined;
  const selection = { namespace: place.namespace, labelSelector: selector(service) };
  const [deployments, replicaSets, pods] = await Promise.all([
    listAll<LiveDeployment>(client, deploymentType, selection),
    listAll<LiveReplicaSet>(client, replicaSetType, selection),
    listAll<LivePod>(client, podType, selection),
  ]);
  return { service, deployments: deployments.items, replicaSets: replicaSets.items, pods: pods.items };
}

/** Nothing follows any more from what its service does. */
function isOver(pruneJob: PruneJob): boolean {
  const { conditions } = pruneJob.status ?? {};
  const hasEnded = isTrue(conditions, 'Complete') || isTrue(conditions, 'Failed');
  return hasEnded && !isAwaitingGit(pruneJob) && !isAwaitingRollback(pruneJob);
}
