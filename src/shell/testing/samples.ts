/** Objects for unit tests, as small as a test can use them. */
import { apiVersion, childLabels, kind, ownLabels, scratchName, type Stage } from '../../api/names.ts';
import type { PruneJob, PruneJobStatus } from '../../api/v1alpha1/prunejob.ts';
import type { KubeObject as LiveObject } from '../../runtime/types.ts';
import { serviceLabel } from '../../prunejob/serving/kserve-types.ts';
import type { LiveJob, LivePod } from '../stores.ts';

export function pruneJob(name: string, changes: { readonly metadata?: Partial<PruneJob['metadata']>; readonly spec?: Partial<PruneJob['spec']>; readonly status?: PruneJobStatus } = {}): PruneJob {
  return {
    apiVersion,
    kind,
    metadata: { name, namespace: 'ml', uid: `${name}-uid`, generation: 1, resourceVersion: '7', creationTimestamp: '2026-01-01T00:00:00Z', ...changes.metadata },
    spec: {
      model: { uri: 's3://models/mixtral/' },
      pruning: pruning({ ratio: 0.25 }),
      output: { uri: 's3://models/pruned/' },
      runner: { gpus: 1, device: 'cuda', activeDeadline: '6h', backoffLimit: 3 },
      ...changes.spec,
    },
    ...(changes.status === undefined ? {} : { status: changes.status }),
  };
}

export function pruning(experts: Partial<PruneJob['spec']['pruning']['experts']>): PruneJob['spec']['pruning'] {
  return { targetSparsity: 0.4, split: 'Manual', experts } as PruneJob['spec']['pruning'];
}

export function servedPruneJob(name: string, service: string): PruneJob {
  const ref = { apiVersion: 'serving.kserve.io/v1beta1', kind: 'InferenceService', name: service };
  return pruneJob(name, { spec: { serving: { ref } as NonNullable<PruneJob['spec']['serving']> } });
}

export function job(owner: PruneJob, stage: Stage, attempt = 1): LiveJob {
  const name = `${owner.metadata.name}-${stage}-${attempt}`;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace: owner.metadata.namespace, uid: `${name}-uid`, labels: childLabels(owner.metadata, stage, attempt), ownerReferences: [controller(owner, apiVersion)] },
  };
}

export function claim(owner: PruneJob): LiveObject {
  const { name, namespace } = owner.metadata;
  const metadata = { name: scratchName(name), namespace, labels: ownLabels(owner.metadata), ownerReferences: [controller(owner, apiVersion)] };
  const spec = { accessModes: ['ReadWriteOnce'], storageClassName: 'fast', resources: { requests: { storage: '1Gi' } } };
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec } as LiveObject;
}

export function podOf(parent: LiveJob, status: NonNullable<LivePod['status']> = { phase: 'Running', podIP: '10.88.0.7' }): LivePod {
  const name = `${parent.metadata.name}-x`;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...parent.metadata, name, uid: `${name}-uid`, ownerReferences: [controller(parent, 'batch/v1')] },
    status,
  };
}

export function rendered(kindOfObject: string, service: string, label = serviceLabel): LiveObject {
  return { apiVersion: 'v1', kind: kindOfObject, metadata: { name: `${service}-${kindOfObject.toLowerCase()}`, namespace: 'ml', labels: { [label]: service } } };
}

function controller(owner: PruneJob | LiveJob, version: string) {
  return { apiVersion: version, kind: owner.kind, name: owner.metadata.name, uid: owner.metadata.uid ?? '', controller: true };
}
