import { expect, it } from 'vitest';

import type { KubeObject } from '../runtime/types.ts';
import { childOptions } from './stores.ts';

const metadata = { name: 'moe-prune-1', namespace: 'ml', uid: 'u', resourceVersion: '1', labels: { a: 'b' }, ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: 'x', uid: 'y' }] };
const containers = [{ name: 'engine', env: [{ name: 'STUN_RECIPE', value: '{}' }] }];
const conditions = [{ type: 'Complete', status: 'True' }];
const ended = { name: 'engine', restartCount: 0, state: { terminated: { exitCode: 0, message: '{}' } } };

it.each([
  {
    kind: 'Job',
    spec: { suspend: false, activeDeadlineSeconds: 60, ttlSecondsAfterFinished: 9 },
    status: { active: 0, conditions, startTime: 't' },
    unread: { spec: { template: { spec: { containers } }, podFailurePolicy: {}, selector: {} }, status: { uncountedTerminatedPods: {}, ready: 0 } },
  },
  {
    kind: 'Pod',
    spec: { nodeName: 'gpu-0' },
    status: { phase: 'Succeeded', conditions, containerStatuses: [ended], initContainerStatuses: [ended] },
    unread: { spec: { containers, initContainers: containers, volumes: [] }, status: { hostIP: 'h', qosClass: 'Burstable', containerStatuses: [{ ...ended, imageID: 'i' }], initContainerStatuses: [{ ...ended, imageID: 'i' }] } },
  },
  { kind: 'PersistentVolumeClaim', spec: {}, status: { phase: 'Bound' }, unread: { spec: { storageClassName: 'fast' }, status: { capacity: { storage: '1Gi' } } } },
])('of a $kind only what decisions read is kept', ({ kind, spec, status, unread }) => {
  const object = { apiVersion: 'v1', kind, metadata: { ...metadata, managedFields: [{ manager: 'x' }], selfLink: 'l' }, spec: { ...spec, ...unread.spec }, status: { ...status, ...unread.status } } as KubeObject;
  expect(childOptions.strip?.(object)).toEqual({ apiVersion: 'v1', kind, metadata, spec, status });
});

it.each(['spec', 'status'])('an object without %s stays without', (field) => {
  expect(childOptions.strip?.({ apiVersion: 'v1', kind: 'Job', metadata })).not.toHaveProperty(field);
});
