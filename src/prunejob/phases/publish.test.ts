import { describe, expect, it } from 'vitest';

import { decide } from '../decide.ts';
import { facts, now, observed, pruneJob, result, runKey, succeeded, withoutServing } from '../testing/builders.ts';
import { condition, decided, planned } from '../testing/decided.ts';
import { World } from '../testing/world.ts';
import type { PruneJobSpec } from '../../api/v1alpha1/prunejob.ts';

const task = { name: 'arc_easy', questions: 500, before: 0.7, after: 0.68, retained: 0.971, lowerBound: 0.94, accepted: true };
const perplexity = { before: 19.8, after: 21, increase: 0.06, upperBound: 0.07, tokens: 8192, accepted: true };

describe('the published result', () => {
  const gate = { perplexity: { uri: 's3://data/heldout.jsonl', samples: 8, maxIncrease: 0.1 } };
  const tasks = [{ name: 'arc_easy' as const, uri: 's3://data/arc.jsonl', minRetained: 0.9 }];
  const published = (overrides: Parameters<typeof result>[0], quality?: PruneJobSpec['quality']) =>
    decided({ status: planned, ...(quality === undefined ? {} : { spec: { quality } }), childJobs: [succeeded('prune', result(overrides))] });

  it('is in the status with its quality in one line', () => {
    const decision = published({ quality: { perplexity } }, gate);
    expect(decision.status.result).toMatchObject({ uri: result().uri, qualitySummary: 'ppl 19.8 → 21.0 (+6.1 %)', expertsAfter: 24 });
    expect(['Pruned', 'QualityAccepted', 'Published'].map((type) => condition(decision, type)?.status)).toEqual(['True', 'True', 'True']);
  });

  it('is the end of a run without a service, told once', () => {
    const decision = decide(observed({ pruneJob: { ...pruneJob(), spec: withoutServing() }, service: 'NotAsked', childJobs: [succeeded('prune', result())] }), now);
    expect(decision.status.phase).toBe('Complete');
    expect(['Published', 'Complete'].map((type) => condition(decision, type)?.status)).toEqual(['True', 'True']);
    expect(decision.events).toMatchObject([{ type: 'Normal', reason: 'Finished', note: expect.stringMatching(/^Kept 24 of 32 experts.*The pruned model is published at /) as string }]);
  });

  it.each([
    { measured: { tasks: [task] }, summary: 'arc_easy 0.700 → 0.680 (-2.9 %)' },
    { measured: { perplexity, tasks: [task, { ...task, name: 'boolq', before: 0.5, after: 0.52 }] }, summary: 'ppl 19.8 → 21.0 (+6.1 %), 2 tasks 0.600 → 0.600 (+0.0 %)' },
  ])('is in the status with its tasks: $summary', ({ measured, summary }) => {
    const decision = published({ quality: measured }, { tasks });
    expect(decision.status.result).toMatchObject({ qualitySummary: summary, quality: measured });
    expect(condition(decision, 'QualityAccepted')).toMatchObject({ status: 'True', message: `${summary}.` });
  });

  it.each([
    { model: 'a Mixture of Experts', counts: {}, says: /^Kept 24 of 32 experts a layer; overall sparsity 40\.0 %\.$/ },
    { model: 'a dense model', counts: { expertsBefore: 0, expertsAfter: 0 }, says: /^Zeroed weights of a dense model; overall/ },
  ])('says what was done to $model', ({ counts, says }) => {
    expect(condition(published(counts), 'Pruned')?.message).toMatch(says);
  });

  it.each([
    { name: 'another run', overrides: { runKey: 'ffffffffffffffff' }, says: /but this run is/ },
    { name: 'no digest', overrides: { manifestDigest: 'latest' }, says: /no digest/ },
    { name: 'another place', overrides: { uri: `s3://elsewhere/tiny-moe/${runKey}/` }, says: /not the place/ },
    { name: 'a place of another run', overrides: { uri: 's3://models/pruned/tiny-moe/abc/' }, says: /not the place/ },
    { name: 'more experts than planned', overrides: { expertsAfter: 25 }, says: /25 experts where the plan has 24/ },
    { name: 'more bytes than planned', overrides: { bytesAfter: 8_153_345 }, says: /8153345 bytes.*the plan has 8153344/ },
  ])('with $name is refused', ({ overrides, says }) => {
    expect(condition(published(overrides), 'Failed')).toMatchObject({ reason: 'ResultMismatch', message: expect.stringMatching(says) as string });
  });

  const signed = { output: { uri: 's3://models/pruned/', signing: { secretRef: { name: 'model-signing' } } } };
  const keyFingerprint = `sha256:${'b'.repeat(64)}`;

  it.each(['prune', 'inspect'] as const)('of the %s pod names the key of its signature', (stage) => {
    const decision = withSignature(stage, { signature: { keyFingerprint } });
    expect(decision.status.result?.signature).toEqual({ keyFingerprint });
    expect(condition(decision, 'Published')).toMatchObject({ status: 'True', message: expect.stringContaining(`signed with the key ${keyFingerprint}`) as string });
  });

  it.each(['prune', 'inspect'] as const)('of the %s pod is refused where a signature is asked for and none was verified', (stage) => {
    for (const overrides of [{}, { signature: null }, { signature: { keyFingerprint: 'sha256:none' } }]) {
      const decision = withSignature(stage, overrides);
      expect(condition(decision, 'Failed')).toMatchObject({ reason: 'SignatureInvalid', message: expect.stringMatching(/brings no verified signature.*the service is untouched/) as string });
      expect(condition(decision, 'Published')).toMatchObject({ status: 'False', reason: 'SignatureInvalid' });
      expect(decision.status.result).toBeUndefined();
      expect(decision.actions).toEqual([]);
    }
  });

  it('leaves the key of its signature on the service', () => {
    const world = new World({ pruneJob: pruneJob({ spec: signed }) });
    world.settle();
    world.inspected();
    world.settle();
    world.start('prune');
    world.settle();
    world.pruned({ signature: { keyFingerprint } });
    world.settle();
    expect(JSON.parse(world.service.fields.receipt ?? '{}')).toMatchObject({ keyFingerprint });
  });

  function withSignature(stage: 'prune' | 'inspect', overrides: Parameters<typeof result>[0]) {
    if (stage === 'prune') return decided({ spec: signed, status: planned, childJobs: [succeeded('prune', result(overrides))] });
    return decided({ spec: signed, childJobs: [succeeded('inspect', facts({ existing: result({ reused: true, ...overrides }) }))] });
  }

  it.each([
    { name: 'worse than the gate allows', overrides: { reused: true, quality: { perplexity: { ...perplexity, upperBound: 0.11 } } }, reason: 'QualityRefused', says: /11\.0 %.*10\.0 %/ },
    { name: 'never measured', overrides: { reused: true, quality: null }, reason: 'QualityDataInvalid', says: /without measuring/ },
    { name: 'never asked one of the tasks', asked: { tasks }, overrides: { reused: true, quality: { perplexity, tasks: [{ ...task, name: 'boolq' }] } }, reason: 'QualityDataInvalid', says: /without measuring task arc_easy/ },
    { name: 'worse in a task than the gate allows', asked: { ...gate, tasks }, overrides: { reused: true, quality: { perplexity, tasks: [{ ...task, lowerBound: 0.89 }] } }, reason: 'QualityRefused', says: /arc_easy.*89\.0 %.*90\.0 %.*lower minRetained/ },
  ])('reused but $name is refused', ({ asked = gate, overrides, reason, says }) => {
    const decision = published(overrides, asked);
    expect(condition(decision, 'Failed')).toMatchObject({ reason, message: expect.stringMatching(says) as string });
    expect(decision.actions).toEqual([]);
  });
});
