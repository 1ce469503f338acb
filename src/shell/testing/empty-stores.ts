/** The caches before a watch has delivered anything, indexed as the operator's are. */
import type { PruneJob } from '../../api/v1alpha1/prunejob.ts';
import type { KubeObject } from '../../prunejob/kube.ts';
import { Store } from '../../runtime/store.ts';
import { childOptions, nodeOptions, pruneJobOptions, renderedOptions, serviceOptions, type LiveClaim, type LiveDeployment, type LiveJob, type LiveNode, type LivePod, type LiveReplicaSet } from '../stores.ts';

export type EmptyStores = ReturnType<typeof emptyStores>;

export function emptyStores() {
  return {
    pruneJobs: new Store<PruneJob>(pruneJobOptions),
    jobs: new Store<LiveJob>(childOptions),
    enginePods: new Store<LivePod>(childOptions),
    claims: new Store<LiveClaim>(childOptions),
    nodes: new Store<LiveNode>(nodeOptions),
    services: new Store<KubeObject>(serviceOptions),
    deployments: new Store<LiveDeployment>(renderedOptions),
    replicaSets: new Store<LiveReplicaSet>(renderedOptions),
    servingPods: new Store<LivePod>(renderedOptions),
  };
}
