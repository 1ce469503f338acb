/**
 * Seven published models, from facts that `scripts/shape-facts` makes. Every number is worked out by hand:
 *
 *   H100 81 559 MiB · 0.9 − 4 GiB =  72 673 761 689.6 B a GPU for weights and cache
 *   H200 143 771 MiB · 0.9 − 4 GiB = 131 384 370 790.4 B
 *   tokens = (that − weights / GPUs) / (cache of a token / min(GPUs, KV heads)), rounded down
 *   weights = the rest + kept · one expert of every layer with its router row
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import type { ModelFacts } from './facts.ts';
import type { WhatIf } from './plan-types.ts';
import { planWithoutService } from './what-if.ts';
import { facts } from '../testing/builders.ts';

function shape(name: string): ModelFacts {
  return JSON.parse(readFileSync(new URL(`../testing/shapes/${name}.json`, import.meta.url), 'utf8')) as ModelFacts;
}

const [h100, h200] = [81_559, 143_771];

function question(model: string, gpu: number, tokens: readonly [number, number], asked: Partial<WhatIf['asked']>): WhatIf {
  const [maxModelLen, maxConcurrency] = tokens;
  const sizing = { gpuMemory: gpu * 2 ** 20, utilization: 0.9, overheadPerGPU: 4 * 2 ** 30, maxModelLen, maxConcurrency };
  return { facts: shape(model), sizing, asked: { multipleOf: 1, ...asked }, strategy: 'Surge' };
}

describe('the plan of', () => {
  it.each([
    {
      // Weights 3 209 175 040 + 8 · 11 274 551 296. One GPU lacks 93.41 − 72.67 GB. With 5: 59 581 931 520, and 72 673 761 689.6 − that =
      // 13 091 830 169.6 = 99 882.7 tokens of 131 072 B; with 6: 1 817 278 873.6 = 13 864 tokens < 32 768. Before: 25 970 968 985.6 / 65 536.
      name: 'Mixtral-8x7B', model: 'mixtral-8x7b', gpu: h100, tokens: [32_768, 1], asked: { targetGPUs: 1 },
      plan: { gpusBefore: 2, gpusAfter: 1, gpusPeak: 3, ratio: 0.375, expertsAfter: 5, bytesBefore: 93_405_585_408, bytesAfter: 59_581_931_520, kvTokensBefore: 396_285, kvTokensAfter: 99_882 },
    },
    {
      // Weights 10 652 823 552 + 8 · 33 823 555 584. Four GPUs leave 2 363 444 633.6 each = 41 215 tokens of 229 376/4 B < 8 · 32 768 = 262 144;
      // eight leave 37 518 603 161.6 / 28 672. With 6, four leave 19 275 222 425.6 / 57 344; with 7 only 188 674 tokens.
      name: 'Mixtral-8x22B', model: 'mixtral-8x22b', gpu: h100, tokens: [32_768, 8], asked: { ratio: 0.25 },
      plan: { gpusBefore: 8, gpusAfter: 4, gpusPeak: 12, ratio: 0.25, expertsAfter: 6, bytesBefore: 281_241_268_224, bytesAfter: 213_594_157_056, kvTokensBefore: 1_308_545, kvTokensAfter: 336_133 },
    },
    {
      // Weights 3 057 020 928 + 128 · 453 181 440. One GPU leaves 11 609 516 441.6 = 118 098 tokens of 98 304 B < 262 144; two leave
      // 42 141 639 065.6 / 49 152. With 96, one leaves 26 111 322 521.6 / 98 304; with 97 it is 261 008.
      name: 'Qwen3-30B-A3B', model: 'qwen3-30b-a3b', gpu: h100, tokens: [32_768, 8], asked: {},
      plan: { gpusBefore: 2, gpusAfter: 1, gpusPeak: 3, ratio: 0.25, expertsAfter: 96, bytesBefore: 61_064_245_248, bytesAfter: 46_562_439_168, kvTokensBefore: 857_373, kvTokensAfter: 265_618 },
    },
    {
      // Weights 15 895 911 424 + 128 · 3 549 151 232; 32 · 32 768 = 1 048 576 tokens of 192 512/4 B, also on eight GPUs: there are 4 KV heads.
      // Four leave 13 837 553 510.4 = 287 515 tokens, eight 72 610 962 150.4 / 48 128. With 86, four leave 51 103 641 446.4; with 87, 1 043 391 tokens.
      name: 'Qwen3-235B-A22B', model: 'qwen3-235b-a22b', gpu: h200, tokens: [32_768, 32], asked: { targetGPUs: 4 },
      plan: { gpusBefore: 8, gpusAfter: 4, gpusPeak: 12, ratio: 42 / 128, expertsAfter: 86, bytesBefore: 470_187_269_120, bytesAfter: 321_122_917_376, kvTokensBefore: 1_508_705, kvTokensAfter: 1_061_827 },
    },
    {
      // Weights 38 397 009 920 + 256 · 5 197 588 716 (59 layers with the one of multi-token prediction); every GPU holds the whole cache,
      // 61 · 576 · 2 = 70 272 B a token. Eight GPUs hold 1 051 GB < 1 369; sixteen leave 45 823 138 214.4 / 70 272. With 184 = 8 groups of 23,
      // eight leave 7 040 204 082.4 / 70 272; with 192 only 26 221 tokens.
      name: 'DeepSeek-V3 in bf16', model: 'deepseek-v3', gpu: h200, tokens: [32_768, 1], asked: { targetGPUs: 8 },
      plan: { gpusBefore: 16, gpusAfter: 8, gpusPeak: 24, ratio: 72 / 256, expertsAfter: 184, bytesBefore: 1_368_979_721_216, bytesAfter: 994_753_333_664, kvTokensBefore: 652_082, kvTokensAfter: 100_185 },
    },
    {
      // Weights 4 228 564 608 + 128 · 1 792 419 912. 18 of 36 layers keep 128 tokens: a sequence of 131 072 takes 2048 · 18 · (131 072 + 128) =
      // 4 836 556 800 B, 36 900 a token. Two GPUs hold 145 GB < 234; four leave 14 259 183 353.6 / (36 900/4). With 67, two leave
      // 10 513 412 333.6 / (36 900/2); with 68, 521 257 tokens < 4 · 131 072 = 524 288. Without windows it would be 57 experts.
      name: 'GPT-OSS-120B in bf16', model: 'gpt-oss-120b', gpu: h100, tokens: [131_072, 4], asked: { ratio: 61 / 128 },
      plan: { gpusBefore: 4, gpusAfter: 2, gpusPeak: 6, ratio: 61 / 128, expertsAfter: 67, bytesBefore: 233_658_313_344, bytesAfter: 124_320_698_712, kvTokensBefore: 1_545_710, kvTokensAfter: 569_832 },
    },
    {
      // Weights 19 929 706 496 + 128 · 7 322 183 680; 64 · 4096 = 262 144 tokens of 143 360 B. Eight GPUs leave 11 738 218 598.4 / 17 920.
      // With 63, four leave 11 077 551 206.4 / 35 840; with 64, 258 007.
      name: 'Snowflake Arctic', model: 'arctic-480b', gpu: h200, tokens: [4096, 64], asked: { targetGPUs: 4 },
      plan: { gpusBefore: 8, gpusAfter: 4, gpusPeak: 12, ratio: 65 / 128, expertsAfter: 63, bytesBefore: 957_169_217_536, bytesAfter: 481_227_278_336, kvTokensBefore: 655_034, kvTokensAfter: 309_083 },
    },
  ] as const)('$name', ({ model, gpu, tokens, asked, plan }) => {
    expect(planWithoutService(question(model, gpu, tokens, asked))).toMatchObject(plan);
  });
});

describe('without a service', () => {
  it.each([
    { name: 'one expert more than the target allows', of: question('mixtral-8x22b', h100, [32_768, 8], { ratio: 0.125, targetGPUs: 4 }), refused: 'NoGPUSaved', says: /needs 8 GPUs, more than pruning\.targetGPUs 4\..*reaches it is 0\.25/ },
    { name: 'a model that one GPU holds', of: question('qwen3-30b-a3b', h200, [32_768, 1], {}), refused: 'NoGPUSaved', says: /runs on 1 GPU.*one GPU at least/ },
    { name: 'a target that the dense model meets', of: question('mixtral-8x7b', h100, [32_768, 1], { targetGPUs: 2 }), refused: 'AlreadyFits', says: /fits 2 GPUs/ },
    // top-8 from 4 of 8 groups leaves 16 experts at least; 38.4 + 16 · 5.2 = 121.6 GB is more than one H100 has.
    { name: 'a target below what the router needs', of: question('deepseek-v3', h100, [4096, 1], { targetGPUs: 1 }), refused: 'TooFewExperts', says: /from the 16 that its router needs/ },
    // 128 GPUs: 72.67 − 1369/128 = 61.98 GB each, and 32 · 32 768 tokens of 70 272 B are 73.7 GB, on every GPU.
    { name: 'a cache that no number of GPUs holds', of: question('deepseek-v3', h100, [32_768, 32], { ratio: 0.5 }), refused: 'GPUsUnavailable', says: /at most 128 GPUs.*68\.63 GiB.*Lower/ },
    { name: 'a dense model', of: { ...question('mixtral-8x7b', h100, [512, 1], {}), facts: facts({ experts: 0, topK: 0 }) }, refused: 'NotMoE', says: /dense/ },
  ])('refuses $name', ({ of, refused, says }) => {
    expect(planWithoutService(of)).toMatchObject({ refused, message: expect.stringMatching(says) as string });
  });

  it('warns of a size that only the count allows', () => {
    // 56 heads: beyond 8 GPUs only 56 split them and 8 KV heads; 957 GB do not fit 8 H100.
    const outcome = planWithoutService(question('arctic-480b', h100, [4096, 1], { targetGPUs: 8 }));
    expect(outcome).toMatchObject({ gpusBefore: 56, gpusAfter: 8, warnings: [expect.stringMatching(/does not start ArcticForCausalLM on 56 GPUs/), expect.stringMatching(/routing kernels/)] as string[] });
  });
});
