import { describe, expect, it } from 'vitest';

import type { Terminated } from '../kube.ts';
import { endedPod } from '../testing/builders.ts';
import { recordedErrors, recordedStarts, recordedXids } from '../testing/recorded-gpu.ts';
import { recordedPods } from '../testing/recorded-pods.ts';
import { clusterFailures, startFailures } from './cluster-failures.ts';
import { gpuFailures } from './gpu-failures.ts';
import { podFailure } from './pod-failure.ts';

const error = (reason: string, message: string): string => JSON.stringify({ kind: 'Error', reason, message });
const onNode = (terminated: Terminated) => ({ ...endedPod(terminated), spec: { nodeName: 'gpu-0' } });

describe('recorded messages', () => {
  const texts = [...recordedXids, ...recordedErrors];

  it.each(texts)('$row in a log\'s tail: $reason, $retry', ({ row, reason, retry, said }) => {
    expect(podFailure(endedPod({ exitCode: 1, reason: 'Error', message: `Traceback (most recent call last):\n${said}` }))).toMatchObject({ row, reason, retry });
  });

  it.each(texts)('$row in an error that the engine did not foresee', ({ row, reason, retry, said }) => {
    const message = error('Internal', `The engine failed unexpectedly: ${said}.`);
    const failure = podFailure(endedPod({ exitCode: 1, message }));
    expect(failure).toMatchObject({ row, reason, retry });
    expect(failure.message).toContain(said.replace(/[.\s]*$/, ''));
  });

  it.each(recordedStarts)('$row before the container ran: $reason, $retry', ({ row, reason, retry, said }) => {
    expect(podFailure(endedPod({ exitCode: 128, reason: 'StartError', message: said }))).toMatchObject({ row, reason, retry });
  });

  it.each(recordedPods)('$row: $reason, $retry', ({ row, reason, retry, status }) => {
    const failure = podFailure({ metadata: { name: 'pod-1' }, spec: { nodeName: 'gpu-0' }, status });
    expect(failure).toMatchObject({ row, reason, retry, node: 'gpu-0' });
    expect(failure.message).toContain('(node gpu-0)');
  });

  it('are there for every row, each with a place where it can be read', () => {
    const recorded = [...texts, ...recordedStarts, ...recordedPods];
    const rows = [...clusterFailures, ...gpuFailures, ...startFailures].map(({ name }) => name);
    expect([...new Set(recorded.map(({ row }) => row))].sort()).toEqual([...rows].sort());
    expect(recorded.filter(({ source }) => source.length < 10)).toEqual([]);
  });
});

describe('the engine\'s own word', () => {
  it.each([
    { exitCode: 2, reason: 'ModelNotFound', retry: 'Never' },
    { exitCode: 3, reason: 'EndpointUnavailable', retry: 'Try' },
    { exitCode: 4, reason: 'DroppedLoadExceeded', retry: 'Never' },
    { exitCode: 5, reason: 'OutOfGPUMemory', retry: 'Never' },
    { exitCode: 143, reason: 'Interrupted', retry: 'Try' },
  ])('with exit code $exitCode: $reason, $retry', ({ exitCode, reason, retry }) => {
    const failure = podFailure(endedPod({ exitCode, message: error(reason, 'This, and do that.') }));
    expect(failure).toEqual({ reason, retry, message: 'This, and do that.' });
  });

  it('that it fits a GPU is not looked for in the sentence of another reason', () => {
    const message = error('ModelCorrupt', 'The card says "CUDA error: uncorrectable ECC error"; copy the model again.');
    expect(podFailure(endedPod({ exitCode: 2, message }))).toMatchObject({ reason: 'ModelCorrupt', retry: 'Never' });
  });

  it('about a GPU that failed sends the run elsewhere, and names the node', () => {
    const failure = podFailure(onNode({ exitCode: 6, message: error('GPUFailed', 'AcceleratorError: CUDA error: an unheard one') }));
    expect(failure).toMatchObject({ reason: 'GPUError', retry: 'Elsewhere', node: 'gpu-0' });
    expect(podFailure(onNode({ exitCode: 6, message: error('GPUFailed', 'Broken.') }))).toEqual({ reason: 'GPUFailed', retry: 'Elsewhere', message: 'Broken.', node: 'gpu-0' });
  });

  it('of a release that knows more reasons is shown under the exit code\'s', () => {
    expect(podFailure(endedPod({ exitCode: 4, message: error('Unheard', 'New.') }))).toEqual({ reason: 'QualityRefused', retry: 'Never', message: 'New.' });
  });
});

describe('an exit code alone', () => {
  it.each([
    { exitCode: 1, reason: 'Internal', retry: 'Try' },
    { exitCode: 2, reason: 'RecipeInvalid', retry: 'Never' },
    { exitCode: 3, reason: 'StorageUnavailable', retry: 'Try' },
    { exitCode: 4, reason: 'QualityRefused', retry: 'Never' },
    { exitCode: 5, reason: 'OutOfGPUMemory', retry: 'Never' },
    { exitCode: 6, reason: 'GPUFailed', retry: 'Elsewhere' },
    { exitCode: 137, reason: 'Killed', retry: 'Try' },
    { exitCode: 139, reason: 'Internal', retry: 'Try' },
    { exitCode: 143, reason: 'Interrupted', retry: 'Try' },
  ])('$exitCode: $reason, $retry', ({ exitCode, reason, retry }) => {
    expect(podFailure(endedPod({ exitCode, message: 'boom' }))).toEqual({ reason, retry, message: `The engine ended with exit code ${exitCode}: boom. Its log says more: kubectl logs.` });
  });

  it('that no try mends stays so, whatever the log\'s tail says', () => {
    expect(podFailure(endedPod({ exitCode: 5, message: recordedErrors.find(({ row }) => row === 'CUDA out of memory')?.said ?? '' }))).toMatchObject({ reason: 'OutOfGPUMemory', retry: 'Never' });
  });

  it('is not needed', () => {
    expect(podFailure({ metadata: { name: 'p' }, status: { phase: 'Failed' } })).toMatchObject({ reason: 'Internal', retry: 'Try' });
  });
});

it('a disruption that was called off is none', () => {
  const status = { phase: 'Failed', conditions: [{ type: 'DisruptionTarget', status: 'False', reason: 'PreemptionByScheduler' }] };
  expect(podFailure({ metadata: { name: 'p' }, status }).reason).toBe('Internal');
});
