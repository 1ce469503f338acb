/** What somebody sees who watches, moment by moment. */
import { describe, expect, it } from 'vitest';

import type { PruneJobStatus } from '../api/v1alpha1/prunejob.ts';
import type { KubeEvent, Seen } from './follow.ts';
import { watchScreen } from './screen.ts';
import { at, complete, condition, failed, job, planned, pruning } from './testing/jobs.ts';

function screen(seen: Partial<Seen> & { readonly job: Seen['job'] }, seconds: number, columns = 110): string {
  return watchScreen({ events: [], trouble: () => undefined, ...seen }, new Date(at(seconds)), columns).map(({ text }) => `${text}\n`).join('');
}

const event = (seconds: number, type: string, reason: string, note: string): KubeEvent => ({ apiVersion: 'events.k8s.io/v1', kind: 'Event', metadata: { name: reason }, type, reason, note, eventTime: at(seconds) });

describe('the screen', () => {
  it('of a run whose author writes to the terminal', () => {
    const note = 'done\u001b[2J\u001b[1;1HComplete\nServed';
    expect(screen({ job: job({ ...pruning }), events: [event(21, 'Normal', 'Planned', note)] }, 60)).toContain('Planned: done\ufffd[2J\ufffd[1;1HComplete Served\n');
  });

  it('of a run that prunes', () => {
    const events = [event(21, 'Normal', 'Planned', 'Ratio 0.25 takes the service from 8 GPUs to 4.'), event(60, 'Normal', 'Running', 'The engine prunes the model.')];
    expect(screen({ job: job(pruning), events }, 2880)).toBe(`\
ml/mixtral   Pruning   48m old
s3://models/tiny-moe/ → s3://models/pruned/

✓ Planned             21s  Ratio 0.25 takes the service from 8 GPUs to 4.
● Pruned              47m  The engine prunes the model.
                           ██████████████░░░░░░░░░░  58 %  Weights, layer 33 of 56, about 34m left
· QualityAccepted
· Published
· Served

GPUs             8→4 (the rollout takes up to 16 GPUs)

Events
   47m  Running: The engine prunes the model.
   47m  Planned: Ratio 0.25 takes the service from 8 GPUs to 4.
`);
  });

  it('of a run that is complete', () => {
    expect(screen({ job: job(complete) }, 86_400)).toBe(`\
ml/mixtral   Complete   1d old
s3://models/tiny-moe/ → s3://models/pruned/tiny-moe/0123456789abcdef/

✓ Planned             21s  Ratio 0.25 takes the service from 8 GPUs to 4.
✓ Pruned               1h  Kept 6 of 8 experts a layer; overall sparsity 40.0 %.
✓ QualityAccepted      0s  ppl 3.1 → 3.2 (+2.1 %).
✓ Published            0s  Published at s3://models/pruned/tiny-moe/0123456789abcdef/.
✓ Served              10m  Every pod runs s3://models/pruned/tiny-moe/0123456789abcdef/ on 4 GPUs.
✓ Complete                 The service runs it on 4 GPUs instead of 8.

GPUs             8→4
Quality          ppl 3.1 → 3.2 (+2.1 %)
`);
  });

  it('of a run that failed', () => {
    expect(screen({ job: job(failed) }, 1300)).toContain(`
✓ Planned             21s  Ratio 0.25 takes the service from 8 GPUs to 4.
✗ Pruned              20m  Perplexity rises by 9 %; 5 % is allowed.
· QualityAccepted
· Published
· Served
✗ Failed                   Perplexity rises by 9 %; 5 % is allowed.
`);
  });

  const waiting = { reason: 'ServiceNotFound', since: at(5) };
  it.each<{ name: string; status: PruneJobStatus | undefined; spec?: Parameters<typeof job>[1]; seconds?: number; shows: string | RegExp }>([
    { name: 'what is waited for', status: { phase: 'Inspecting', waiting, conditions: [condition('Planned', 'False', 'There is no InferenceService mixtral.', { seconds: 5, reason: 'ServiceNotFound' })] }, shows: '◌ Planned             40s  There is no InferenceService mixtral.' },
    { name: 'the queue', status: { phase: 'Queued', conditions: [planned, condition('Queued', 'True', 'Kueue has not admitted the Job.', { seconds: 22 })] }, shows: '◌ Queued                   Kueue has not admitted the Job.' },
    { name: 'a rollback', status: { ...complete, phase: 'RollingBack', conditions: [...(complete.conditions ?? []), condition('RolledBack', 'Unknown', 'serving.rollbackRequested asked for it.')] }, shows: '● RolledBack               serving.rollbackRequested asked for it.' },
    { name: 'no service where none is moved', status: pruning, spec: { serving: undefined as never }, shows: /· Published\n\nGPUs/ },
    { name: 'only the plan where only that is asked for', status: { phase: 'Inspecting' }, spec: { planOnly: true }, shows: /pruned\/\n\n· Planned\n$/ },
    { name: 'that no operator came', status: undefined, shows: 'No operator has taken it up. Does one run, and does it watch this namespace? kubectl get' },
    { name: 'nothing of it in the first moments', status: undefined, seconds: 29, shows: /^ml\/mixtral {3}Pending {3}29s old\n.*\n\n·/ },
  ])('shows $name', ({ status, spec = {}, seconds = 40, shows }) => {
    const text = screen({ job: job(status, spec) }, seconds);
    if (typeof shows === 'string') expect(text).toContain(shows);
    else expect(text).toMatch(shows);
  });

  it('folds sentences into a narrow terminal, and puts the place below the bar', () => {
    expect(screen({ job: job(pruning) }, 2880, 60)).toContain(`
✓ Planned             21s  Ratio 0.25 takes the service from
                           8 GPUs to 4.
● Pruned              47m  The engine prunes the model.
                           ██████████████░░░░░░░░░░  58 %
                           Weights, layer 33 of 56, about 34m left
`);
  });

  it('shows the last five events, each in one line', () => {
    const events = [1, 2, 3, 4, 5, 6].map((number) => event(number, 'Warning', `R${number}`, 'x'.repeat(200)));
    const lines = screen({ job: job(pruning), events }, 10).split('Events\n')[1]?.trimEnd().split('\n') ?? [];
    expect(lines.map((line) => [line.length, /R[0-9]/.exec(line)?.[0]])).toEqual([[110, 'R6'], [110, 'R5'], [110, 'R4'], [110, 'R3'], [110, 'R2']]);
  });

  it('tells of a server that does not answer, and of a deletion', () => {
    expect(screen({ job: job(pruning), trouble: () => 'https://k8s does not answer; trying again.' }, 60)).toMatch(/\n\nhttps:\/\/k8s does not answer; trying again\.\n$/);
    expect(screen({ job: undefined }, 60)).toBe('The PruneJob was deleted.\n');
  });
});
