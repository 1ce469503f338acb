import { describe, expect, it } from 'vitest';

import type { Pod } from '../kube.ts';
import { heldUpBecause } from './held-up.ts';

const waits = (reason: string, message?: string) => [{ name: 'c', state: { waiting: message === undefined ? { reason } : { reason, message } } }];
const pod = (name: string, status: NonNullable<Pod['status']>): Pod => ({ metadata: { name }, status });
const starting = pod('starting', { conditions: [{ type: 'PodScheduled', status: 'True' }], containerStatuses: waits('PodInitializing') });

describe('what holds a pod up', () => {
  it.each<{ name: string; pods: Pod[]; says: string | undefined }>([
    { name: 'nothing: there are none', pods: [], says: undefined },
    { name: 'nothing: it only starts', pods: [starting, pod('new', {})], says: undefined },
    { name: 'nothing: it runs', pods: [pod('up', { containerStatuses: [{ name: 'c', state: { running: {} } }] })], says: undefined },
    {
      name: 'GPUs that others have',
      pods: [pod('unplaced', { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes are available: 1 Insufficient nvidia.com/gpu.' }] })],
      says: 'pod unplaced: 0/1 nodes are available: 1 Insufficient nvidia.com/gpu',
    },
    { name: 'its image, behind one that only starts', pods: [starting, pod('blind', { containerStatuses: waits('ImagePullBackOff', 'Back-off pulling image "x"') })], says: 'pod blind: ImagePullBackOff: Back-off pulling image "x"' },
    { name: 'an init container', pods: [pod('keyless', { initContainerStatuses: waits('CreateContainerConfigError'), containerStatuses: waits('PodInitializing') })], says: 'pod keyless: CreateContainerConfigError' },
  ])('is $name', ({ pods, says }) => {
    expect(heldUpBecause(pods)).toBe(says);
  });
});
