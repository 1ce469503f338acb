import { expect, it } from 'vitest';

import type { KubeObject } from '../runtime/types.ts';
import { childOptions } from './stores.ts';

const metadata = { name: 'moe-prune-1', namespace: 'ml', uid: 'u', resourceVersion: '1', labels: { a: 'b' } };
const containers = [{ name: 'engine', env: [{ name: 'STUN_RECIPE', value: '{}' }] }];
const status = { conditions: [{ type: 'Complete', status: 'True' }] };

it.each([
  { kind: 'Job', spec: { suspend: false, activeDeadlineSeconds: 60, ttlSecondsAfterFinished: 9, template: { spec: { containers } } }, kept: { suspend: false, activeDeadlineSeconds: 60, ttlSecondsAfterFinished: 9 } },
  { kind: 'Pod', spec: { nodeName: 'gpu-0', containers, initContainers: containers, volumes: [] }, kept: { nodeName: 'gpu-0' } },
  { kind: 'PersistentVolumeClaim', spec: undefined, kept: undefined },
])('a $kind is kept without what it runs: that is most of it, and nobody reads it', ({ kind, spec, kept }) => {
  const object = { apiVersion: 'v1', kind, metadata: { ...metadata, managedFields: [{ manager: 'x' }] }, ...(spec === undefined ? {} : { spec }), status } as KubeObject;
  expect(childOptions.strip?.(object)).toEqual({ apiVersion: 'v1', kind, metadata, ...(kept === undefined ? {} : { spec: kept }), status });
});
