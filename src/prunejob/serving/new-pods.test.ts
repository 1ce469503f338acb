import { describe, expect, it } from 'vitest';

import type { ContainerStatus, Pod } from '../kube.ts';
import { podFailure, stuckPod } from './new-pods.ts';

const waits = (reason: string, message = reason, restartCount = 0): ContainerStatus => ({ name: 'c', restartCount, state: { waiting: { reason, message } } });
const pod = (status: NonNullable<Pod['status']>): Pod => ({ metadata: { name: 'p' }, spec: { nodeName: 'gpu-0' }, status: { startTime: '2026-01-01T10:00:00Z', ...status } });
const server = (...containerStatuses: ContainerStatus[]) => pod({ containerStatuses });
const fetcher = (...initContainerStatuses: ContainerStatus[]) => pod({ initContainerStatuses, containerStatuses: [waits('PodInitializing')] });

describe('a new pod', () => {
  it.each([
    { name: 'that crashed for the fourth time', status: server(waits('CrashLoopBackOff', 'back-off 40s', 3)), fails: true },
    { name: 'whose init container did', status: fetcher(waits('CrashLoopBackOff', 'back-off 40s', 3)), fails: true },
    { name: 'that lost a race with its storage twice', status: server(waits('CrashLoopBackOff', 'back-off 10s', 1)), fails: false },
    { name: 'whose init container lost it three times', status: fetcher(waits('CrashLoopBackOff', 'back-off 20s', 2)), fails: false },
    { name: 'that crashed and runs', status: server({ name: 'c', restartCount: 5, state: { running: {} } }), fails: false },
  ])('$name is a failure: $fails', ({ status, fails }) => {
    const says = 'Pod p of InferenceService moe keeps crashing (CrashLoopBackOff); kubectl logs says why';
    expect(podFailure('InferenceService moe', [pod({}), status])).toBe(fails ? says : undefined);
  });

  it('whose image has no name that could be right is a failure at once', () => {
    const said = 'Failed to apply default image tag "v llm": couldn\'t parse image name "v llm": invalid reference format';
    expect(podFailure('Deployment moe', [server(waits('InvalidImageName', said))])).toBe(`Pod p (node gpu-0) cannot pull its image: ${said}. Correct the image of the service's pods, or its pull secret.`);
  });

  it.each([
    { reason: 'ErrImageNeverPull', said: 'Container image "vllm:1" is not present with pull policy of Never', is: true },
    { reason: 'ErrImagePull', said: 'failed to pull and unpack image "vllm:2": failed to resolve reference "vllm:2": vllm:2: not found', is: true },
    { reason: 'ImagePullBackOff', said: 'Back-off pulling image "vllm:2": ErrImagePull: manifest unknown: manifest unknown', is: true },
    { reason: 'ErrImagePull', said: 'failed to authorize: failed to fetch oauth token: unexpected status: 401 Unauthorized', is: true },
    { reason: 'ErrImagePull', said: 'pull access denied for vllm, repository does not exist or may require \'docker login\'', is: true },
    { reason: 'ImagePullBackOff', said: 'Back-off pulling image "vllm:2"', is: false },
    { reason: 'ErrImagePull', said: 'dial tcp: lookup registry.example on 10.0.0.10:53: no such host', is: false },
    { reason: 'ErrImagePull', said: 'pulling from host registry.example failed with status code 503 Service Unavailable', is: false },
    { reason: 'CreateContainerConfigError', said: 'secret "s3" not found', is: false },
  ])('that waits for $reason, $said: is stuck, $is', ({ reason, said, is }) => {
    const message = `Pod p (node gpu-0) cannot pull its image: ${said}. Correct the image of the service's pods, or its pull secret.`;
    expect(stuckPod([pod({}), server(waits(reason, said))])).toEqual(is ? { since: '2026-01-01T10:00:00Z', message } : undefined);
  });

  it('is stuck since its init containers ended, of which one may have fetched the model for an hour', () => {
    const conditions = [{ type: 'Initialized', status: 'True', lastTransitionTime: '2026-01-01T11:00:00Z' }];
    expect(stuckPod([pod({ conditions, containerStatuses: [waits('ErrImagePull', 'not found')] })])?.since).toBe('2026-01-01T11:00:00Z');
  });
});
