/** The caches before a watch has delivered anything, indexed as the operator's are; of services, those of one watched kind. */
import type { PruneJob } from '../../api/v1alpha1/prunejob.ts';
import type { KubeObject } from '../../prunejob/kube.ts';
import type { ServiceKind } from '../../prunejob/serving/registry.ts';
import { Store } from '../../runtime/store.ts';
import { childOptions, nodeOptions, pruneJobOptions, renderedOptions, serviceOptions, type LiveClaim, type LiveDeployment, type LiveJob, type LiveNode, type LivePod, type LiveReplicaSet, type ServingStores } from '../stores.ts';

export type EmptyStores = ReturnType<typeof emptyStores>;

export function emptyStores() {
  return {
    pruneJobs: new Store<PruneJob>(pruneJobOptions),
    jobs: new Store<LiveJob>(childOptions),
    enginePods: new Store<LivePod>(childOptions),
    claims: new Store<LiveClaim>(childOptions),
    nodes: new Store<LiveNode>(nodeOptions),
    serving: new Map<ServiceKind, ServingStores>(),
  };
}

export function emptyServingStores(label: string) {
  const options = renderedOptions(label);
  return {
    services: new Store<KubeObject>(serviceOptions),
    deployments: new Store<LiveDeployment>(options),
    replicaSets: new Store<LiveReplicaSet>(options),
    pods: new Store<LivePod>(options),
  };
}
