/**
 * Every expected number is worked out by hand.
 *
 * The demo: weights 10 520 832 B (experts and routers 9 469 952 B, the rest 1 050 880 B), KV cache 2048 B × 512 × 1 = 1 048 576 B,
 * together 11.03 MiB; a card of 5 MiB at 0.9 holds 4 718 592 B, two 9 437 184 B, four 18 874 368 B.
 */
import { describe, expect, it } from 'vitest';

import { planGPUs } from './plan.ts';
import type { PlanInput } from './plan-types.ts';
import { facts } from '../testing/builders.ts';

const mebibyte = 2 ** 20;
const sizing = { gpuMemory: 5 * mebibyte, utilization: 0.9, overheadPerGPU: 0, maxModelLen: 512, maxConcurrency: 1 };

function input(overrides: Partial<Omit<PlanInput, 'asked'>> & { asked?: Partial<PlanInput['asked']> } = {}): PlanInput {
  const { asked, ...rest } = overrides;
  return {
    facts: facts(),
    service: { replicas: 1, gpusPerReplica: 4 },
    sizing,
    strategy: 'Surge',
    allocatableGPUs: 8,
    ...rest,
    asked: { ratio: 0.25, multipleOf: 1, requireSaving: true, ...asked },
  };
}

const withoutRatio = { ...input(), asked: { multipleOf: 1, requireSaving: true } };

describe('the demo', () => {
  it('is 11.03 MiB of weights and cache', () => {
    expect(((facts().bytes.total + 2048 * 512) / mebibyte).toFixed(2)).toBe('11.03');
  });

  it('at ratio 0.25 goes from 4 GPUs to 2', () => {
    expect(planGPUs(input())).toMatchObject({
      ratio: 0.25, expertsBefore: 32, expertsAfter: 24, gpusBefore: 4, gpusNeededBefore: 4, gpusAfter: 2, tensorParallel: 2, gpusPeak: 6,
      bytesBefore: 10_520_832,
      bytesAfter: 8_153_344, // 1 050 880 + 9 469 952 × 24/32
      kvTokensBefore: 4078, // (4 718 592 − 10 520 832/4) / 512, rounded down
      kvTokensAfter: 626, // (4 718 592 − 8 153 344/2) / 1024, rounded down
    });
  });

  it('at ratio 0.10 saves nothing and names the ratio that would', () => {
    // Two cards leave 9 437 184 − 1 048 576 = 8 388 608 B for weights: (8 388 608 − 1 050 880) / 9 469 952 × 32 = 24.8 experts.
    const outcome = planGPUs(input({ asked: { ratio: 0.1 } }));
    expect(outcome).toMatchObject({ refused: 'NoGPUSaved' });
    expect('message' in outcome && outcome.message).toContain('pruning.experts.ratio that saves GPUs is 0.25 (24 experts)');
  });

  it('says that zeros save nothing', () => {
    expect(planGPUs(input())).toMatchObject({ reason: expect.stringContaining('zeros save no GPU memory') as string });
  });
});

describe('what a target decides', () => {
  it('takes the smallest ratio that reaches targetGPUs', () => {
    expect(planGPUs({ ...withoutRatio, asked: { targetGPUs: 2, multipleOf: 1, requireSaving: true } })).toMatchObject({ expertsAfter: 24, ratio: 0.25, gpusAfter: 2 });
  });

  it('takes a count that expert parallelism can divide', () => {
    expect(planGPUs({ ...withoutRatio, asked: { targetGPUs: 2, multipleOf: 10, requireSaving: true } })).toMatchObject({ expertsAfter: 20 });
  });

  it('counts the GPUs and tokens of all replicas', () => {
    const outcome = planGPUs(input({ service: { replicas: 3, gpusPerReplica: 4 }, allocatableGPUs: 14 }));
    expect(outcome).toMatchObject({ gpusBefore: 12, gpusAfter: 6, gpusNeededBefore: 12, gpusPeak: 14, tensorParallel: 2, kvTokensBefore: 3 * 4078, kvTokensAfter: 3 * 626 });
  });

  it('counts no half of a replica', () => {
    // 7 GPUs for 2 replicas are 3 each, of which 2 are a tensor-parallel size.
    const outcome = planGPUs({ ...withoutRatio, service: { replicas: 2, gpusPerReplica: 4 }, asked: { targetGPUs: 7, multipleOf: 1, requireSaving: true }, allocatableGPUs: 99 });
    expect(outcome).toMatchObject({ gpusAfter: 4, tensorParallel: 2 });
  });

  it.each([
    { strategy: 'Canary', replicas: 1, peak: 4 + 2 + 2 },
    { strategy: 'Canary', replicas: 3, peak: 12 + 2 + 2 },
    { strategy: 'Surge', replicas: 1, peak: 4 + 2 },
    { strategy: 'Surge', replicas: 3, peak: 12 + 2 },
    { strategy: 'Recreate', replicas: 3, peak: 12 },
  ] as const)('rolls out $replicas replicas by $strategy on at most $peak GPUs', ({ strategy, replicas, peak }) => {
    expect(planGPUs(input({ strategy, service: { replicas, gpusPerReplica: 4 }, allocatableGPUs: peak }))).toMatchObject({ gpusPeak: peak });
  });

  it('keeps the GPUs where no saving is required', () => {
    expect(planGPUs({ ...withoutRatio, asked: { multipleOf: 1, requireSaving: false } })).toMatchObject({ gpusBefore: 4, gpusAfter: 4, ratio: 0, expertsAfter: 32 });
  });
});

describe('zeroing weights alone', () => {
  const roomy = { ...sizing, gpuMemory: 8 * mebibyte };
  const asked = { multipleOf: 1, requireSaving: false };

  it.each([
    { model: 'a dense model', of: facts({ experts: 0, topK: 0, architecture: 'LlamaForCausalLM', bytes: { experts: 0, routers: 0, total: 10_520_832 } }), says: /^LlamaForCausalLM is a dense model, so pruning it saves no GPU: weights of/ },
    { model: 'a Mixture of Experts', of: facts(), says: /^No expert is removed: weights of/ },
  ])('leaves $model on the GPUs it has, though two would do', ({ of, says }) => {
    expect(planGPUs({ ...withoutRatio, facts: of, sizing: roomy, asked })).toMatchObject({
      gpusBefore: 4, gpusNeededBefore: 2, gpusAfter: 4, tensorParallel: 4, ratio: 0, bytesAfter: 10_520_832, reason: expect.stringMatching(says) as string,
    });
  });
});

describe('a router with groups', () => {
  // As DeepSeek-V3: 256 experts in 8 groups; a token takes its 8 from 4 of them. On two cards 256 · 24.8/32 experts fit.
  const grouped = facts({ experts: 256, topK: 8, expertGroups: 8, topKGroups: 4, rankingExperts: 2 });
  const plan = (asked: Partial<PlanInput['asked']>) => planGPUs({ ...withoutRatio, facts: grouped, asked: { multipleOf: 1, requireSaving: true, ...asked } });

  it('keeps a count that its groups share evenly', () => {
    // (9 437 184 − 1 048 576 − 1 050 880) / 9 469 952 · 256 = 198.3
    expect(plan({ targetGPUs: 2 })).toMatchObject({ expertsAfter: 192, ratio: 0.25, gpusAfter: 2 });
  });

  it.each([
    { name: 'its groups cannot share', asked: { ratio: 0.3 }, refused: 'RecipeInvalid', says: /keeps 179 of 256.*8 groups.*multiple of 8\. Set pruning\.experts\.ratio to 0\.3125 \(176 experts\)/ },
    { name: 'expert parallelism cannot share', asked: { ratio: 0.25, multipleOf: 10 }, refused: 'RecipeInvalid', says: /multiple of 40\..*0\.375 \(160 experts\)/ },
    { name: 'a token could not choose from', asked: { ratio: 0.95 }, refused: 'TooFewExperts', says: /keeps 13.*top-k of 8 from 4 of 8 groups needs at least 16\. Set.*at most 0\.9375/ },
    { name: 'are fewer than multipleOf', asked: { ratio: 0.95, multipleOf: 32 }, refused: 'TooFewExperts', says: /multipleOf 32 need at least 32\./ },
    { name: 'no multiple allows', asked: { ratio: 0.25, multipleOf: 512 }, refused: 'TooFewExperts', says: /at least 512\. No expert can be removed; lower pruning\.experts\.multipleOf/ },
  ])('refuses experts that $name', ({ asked, refused, says }) => {
    expect(plan(asked)).toMatchObject({ refused, message: expect.stringMatching(says) as string });
  });
});

describe('refusals', () => {
  it.each([
    { name: 'a dense model', overrides: { facts: facts({ experts: 0, topK: 0 }) }, refused: 'NotMoE', says: /dense/ },
    { name: 'fewer experts than top-k', overrides: { asked: { ratio: 0.97 } }, refused: 'TooFewExperts', says: /top-k of 2.*at most 0\.9375/ },
    { name: 'fewer experts than the groups of a router need', overrides: { facts: facts({ topK: 8, expertGroups: 8, topKGroups: 4 }), asked: { ratio: 0.55 } }, refused: 'TooFewExperts', says: /at least 16/ },
    { name: 'a ratio that misses targetGPUs', overrides: { asked: { ratio: 0.1, targetGPUs: 2 } }, refused: 'NoGPUSaved', says: /targetGPUs 2.*reaches it is 0\.25/ },
    { name: 'a target out of reach', overrides: { sizing: { ...sizing, gpuMemory: mebibyte }, asked: { targetGPUs: 1 } }, refused: 'NoGPUSaved', says: /No ratio/ },
    { name: 'a dense model that fits already', overrides: { sizing: { ...sizing, gpuMemory: 8 * mebibyte } }, refused: 'AlreadyFits', says: /fits 2 GPUs, while.*on 4/ },
    { name: 'a ratio so small that the service only keeps its GPUs', overrides: { service: { replicas: 1, gpusPerReplica: 1 } }, refused: 'NoGPUSaved', says: /do not fit 1 GPU of.*runs on 1 GPU,.*one GPU at least/ },
    { name: 'a peak above what the nodes offer', overrides: { allocatableGPUs: 5 }, refused: 'GPUsUnavailable', says: /needs 6 GPUs.*offer 5.*Recreate/ },
    { name: 'a canary where Surge would do', overrides: { strategy: 'Canary' as const, allocatableGPUs: 7 }, refused: 'GPUsUnavailable', says: /Canary needs 8 GPUs.*offer 7.*Surge, which needs 6, or.*Recreate/ },
    { name: 'a canary where Surge would not do either', overrides: { strategy: 'Canary' as const, allocatableGPUs: 5 }, refused: 'GPUsUnavailable', says: /Use serving\.strategy: Recreate/ },
    { name: 'tokens that the service promises', overrides: { sizing: { ...sizing, gpuMemory: mebibyte, tokensOfService: true } }, refused: 'NoGPUSaved', says: /as the service itself promises.*lower the service's --max-model-len or --max-num-seqs/ },
    { name: 'no spare node even for Recreate', overrides: { strategy: 'Recreate' as const, allocatableGPUs: 3 }, refused: 'GPUsUnavailable', says: /Add nodes/ },
  ])('$name: $refused', ({ overrides, refused, says }) => {
    expect(planGPUs(input(overrides))).toMatchObject({ refused, message: expect.stringMatching(says) as string });
  });

  it('a target that the dense model meets', () => {
    // Four cards hold it: 18 874 368 ≥ 11 569 408.
    const outcome = planGPUs({ ...withoutRatio, asked: { targetGPUs: 4, multipleOf: 1, requireSaving: true } });
    expect(outcome).toMatchObject({ refused: 'AlreadyFits', message: expect.stringMatching(/already fits 4 GPUs, so it needs no pruning for pruning\.targetGPUs 4/) as string });
  });

  it('come with the plan that was refused', () => {
    expect(planGPUs(input({ asked: { ratio: 0.1 } }))).toMatchObject({ plan: { ratio: 0.1, expertsAfter: 29, gpusAfter: 4 } });
  });

  it('a target that no count of experts reaches', () => {
    const tight = { ...withoutRatio, sizing: { ...sizing, gpuMemory: mebibyte }, asked: { targetGPUs: 1, multipleOf: 1, requireSaving: true } };
    expect(planGPUs(tight)).toMatchObject({ refused: 'TooFewExperts', message: expect.stringContaining('targetGPUs') as string });
  });
});
