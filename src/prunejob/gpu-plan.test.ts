/**
 * Every expected number is worked out by hand.
 *
 * The demo: weights 10 520 832 B (experts and routers 9 469 952 B, the rest 1 050 880 B), KV cache 2048 B × 512 × 1 = 1 048 576 B,
 * together 11.03 MiB; a card of 5 MiB at 0.9 holds 4 718 592 B, two 9 437 184 B, four 18 874 368 B.
 */
import { describe, expect, it } from 'vitest';

import { bytesWith, expertsKept, gpusNeeded, kvTokensThatFit, tensorParallelSizes } from './gpu-fit.ts';
import { planGPUs } from './gpu-plan.ts';
import type { PlanInput } from './gpu-plan-types.ts';
import { facts } from './testing/builders.ts';

const mebibyte = 2 ** 20;
const gibibyte = 2 ** 30;
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

  it('counts the GPUs of all replicas', () => {
    const outcome = planGPUs(input({ service: { replicas: 3, gpusPerReplica: 4 }, allocatableGPUs: 14 }));
    expect(outcome).toMatchObject({ gpusBefore: 12, gpusAfter: 6, gpusNeededBefore: 12, gpusPeak: 14, tensorParallel: 2 });
  });

  it('needs no more than the service has when it starts by Recreate', () => {
    expect(planGPUs(input({ strategy: 'Recreate', allocatableGPUs: 4 }))).toMatchObject({ gpusPeak: 4, gpusAfter: 2 });
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

/**
 * DeepSeek-V3 in bf16: 58 of its 61 layers have 256 experts in 8 groups, of which a token uses 4; latent attention keeps 576 values
 * a layer and token, once for all heads. H200 of 143 771 MiB at 0.9 with 4 GiB of overhead: 131 384 370 790 B.
 */
describe('a model with groups, dense layers and latent attention', () => {
  const deepseek = facts({
    layers: 61, experts: 256, topK: 8, expertGroups: 8, topKGroups: 4, attentionHeads: 128, kvHeads: 1, kvBytesPerToken: 61 * 576 * 2,
    bytes: { experts: 1_307_817_541_632, routers: 212_860_928, total: 1_342_000_000_000 },
  });
  const h200 = { gpuMemory: 143_771 * mebibyte, utilization: 0.9, overheadPerGPU: 4 * gibibyte, maxModelLen: 32_768, maxConcurrency: 1 };
  const served = { ...withoutRatio, facts: deepseek, sizing: h200, service: { replicas: 1, gpusPerReplica: 16 }, allocatableGPUs: 32 };
  const plan = (asked: Partial<PlanInput['asked']>) => planGPUs({ ...served, asked: { multipleOf: 1, requireSaving: true, ...asked } });

  it('halves its GPUs with a quarter of the experts', () => {
    expect(plan({ ratio: 0.25 })).toMatchObject({
      expertsAfter: 192, gpusBefore: 16, gpusNeededBefore: 16, gpusAfter: 8,
      bytesAfter: 1_014_992_399_360, // 33 969 597 440 + 1 308 030 402 560 × 192/256
    });
  });

  it('holds the whole cache on each GPU', () => {
    // (131 384 370 790 − 1 014 992 399 360/8) / 70 272
    expect(kvTokensThatFit(deepseek, h200, bytesWith(deepseek, 192), 8)).toBe(64_183);
  });

  it('keeps a count that its groups share evenly', () => {
    // 200 experts leave no room for the cache on 8 GPUs, and between 192 and 200 no count is divisible by 8.
    expect(plan({ targetGPUs: 8 })).toMatchObject({ expertsAfter: 192 });
  });

  it.each([
    { name: 'its groups cannot share', asked: { ratio: 0.3 }, refused: 'RecipeInvalid', says: /keeps 179 of 256.*8 groups.*multiple of 8\. Set pruning\.experts\.ratio to 0\.3125 \(176 experts\)/ },
    { name: 'expert parallelism cannot share', asked: { ratio: 0.25, multipleOf: 10 }, refused: 'RecipeInvalid', says: /multiple of 40\..*0\.375 \(160 experts\)/ },
    { name: 'a token could not choose from', asked: { ratio: 0.95 }, refused: 'TooFewExperts', says: /keeps 13.*needs at least 16\. Set.*at most 0\.9375/ },
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
    { name: 'a dense model that fits already', overrides: { sizing: { ...sizing, gpuMemory: 8 * mebibyte } }, refused: 'AlreadyFits', says: /fits 2 GPUs.*on 4/ },
    { name: 'a peak above what the nodes offer', overrides: { allocatableGPUs: 5 }, refused: 'GPUsUnavailable', says: /needs 6 GPUs.*offer 5.*Recreate/ },
    { name: 'no spare node even for Recreate', overrides: { strategy: 'Recreate' as const, allocatableGPUs: 3 }, refused: 'GPUsUnavailable', says: /Add nodes/ },
  ])('$name: $refused', ({ overrides, refused, says }) => {
    expect(planGPUs(input(overrides))).toMatchObject({ refused, message: expect.stringMatching(says) as string });
  });

  it('a target that no count of experts reaches', () => {
    const tight = { ...withoutRatio, sizing: { ...sizing, gpuMemory: mebibyte }, asked: { targetGPUs: 1, multipleOf: 1, requireSaving: true } };
    expect(planGPUs(tight)).toMatchObject({ refused: 'TooFewExperts', message: expect.stringContaining('targetGPUs') as string });
  });
});

describe('the parts', () => {
  it.each([
    { experts: 8, ratio: 0.25, kept: 6 },
    { experts: 8, ratio: 0.0625, kept: 7 }, // floor(0.5 + 0.5) = 1
    { experts: 8, ratio: 0.0624, kept: 8 },
    { experts: 32, ratio: 0.1, kept: 29 },
    { experts: 128, ratio: 0.5, kept: 64 },
  ])('$experts experts at ratio $ratio keep $kept', ({ experts, ratio, kept }) => {
    expect(expertsKept(facts({ experts }), ratio)).toBe(kept);
  });

  it('scales only experts and their router rows', () => {
    expect(bytesWith(facts(), 16)).toBe(1_050_880 + 9_469_952 / 2);
    expect(bytesWith(facts({ experts: 0 }), 0)).toBe(10_520_832);
  });

  it.each([
    { attentionHeads: 48, kvHeads: 8, sizes: [1, 2, 4, 8, 16, 24, 48] },
    { attentionHeads: 4, kvHeads: 4, sizes: [1, 2, 4] },
    { attentionHeads: 12, kvHeads: 4, sizes: [1, 2, 4, 12] },
  ])('$attentionHeads heads over $kvHeads KV heads split by $sizes', ({ sizes, ...heads }) => {
    expect(tensorParallelSizes(facts(heads))).toEqual(sizes);
  });

  it('counts the overhead on every GPU', () => {
    // Mixtral 8x22B: 281 GB in bf16, 229 376 B of cache a token; H100 of 81 559 MiB at 0.9 with 4 GiB of overhead leaves 72.7 GB.
    const mixtral = facts({ attentionHeads: 48, kvHeads: 8, kvBytesPerToken: 229_376, bytes: { experts: 271e9, routers: 2.7e6, total: 281e9 }, experts: 8 });
    const h100 = { gpuMemory: 81_559 * mebibyte, utilization: 0.9, overheadPerGPU: 4 * gibibyte, maxModelLen: 32_768, maxConcurrency: 1 };
    expect(gpusNeeded(mixtral, h100, mixtral.bytes.total)).toBe(4);
    expect(gpusNeeded(mixtral, { ...h100, maxConcurrency: 2 }, mixtral.bytes.total)).toBe(8);
  });

  it('lets GPUs beyond the KV heads add no cache', () => {
    const thin = facts({ attentionHeads: 8, kvHeads: 1, bytes: { experts: 0, routers: 0, total: 0 }, kvBytesPerToken: 1024 });
    expect(gpusNeeded(thin, { gpuMemory: 1024 * 100, utilization: 1, overheadPerGPU: 0, maxModelLen: 101, maxConcurrency: 1 }, 0)).toBeUndefined();
  });
});
