import { describe, expect, it } from 'vitest';

import { bytesWith, cacheBytes, gpusNeeded, kvTokensThatFit, sequenceBytes, splitWarnings, tensorParallelSizes } from './fit.ts';
import { facts } from '../testing/builders.ts';

describe('the weights', () => {
  it('shrink by the experts and their router rows alone', () => {
    expect(bytesWith(facts(), 16)).toBe(1_050_880 + 9_469_952 / 2);
    expect(bytesWith(facts({ experts: 0 }), 0)).toBe(10_520_832);
  });
});

describe('tensor-parallel sizes', () => {
  it.each([
    { of: 'Mixtral 8x22B', attentionHeads: 48, kvHeads: 8, sizes: [1, 2, 4, 8, 16, 24, 48] }, // 3, 6, 12 neither divide 8 KV heads nor are multiples
    { of: 'Snowflake Arctic', attentionHeads: 56, kvHeads: 8, sizes: [1, 2, 4, 8, 56] },
    { of: 'DeepSeek-V3', attentionHeads: 128, kvHeads: 1, sizes: [1, 2, 4, 8, 16, 32, 64, 128] },
    { of: 'three KV groups', attentionHeads: 12, kvHeads: 4, sizes: [1, 2, 4, 12] },
  ])('of $of are $sizes', ({ sizes, attentionHeads, kvHeads }) => {
    expect(tensorParallelSizes(facts({ attentionHeads, kvHeads }))).toEqual(sizes);
  });

  it.each([
    { vocabSize: 32_000, size: 56, warned: true }, // 571.4
    { vocabSize: 32_000, size: 16, warned: false },
    { vocabSize: 50_257, size: 12, warned: false }, // padded to 50 304 = 12 · 4192
  ])('$size for a vocabulary of $vocabSize: warned of $warned', ({ vocabSize, size, warned }) => {
    expect(splitWarnings(facts({ vocabSize }), size)).toHaveLength(warned ? 1 : 0);
  });
});

describe('the KV cache', () => {
  // 4 layers of 512 B a token and layer; 3 of them keep their last 100 tokens.
  const sliding = facts({ slidingLayers: 3, slidingWindow: 100 });

  it.each([
    { tokens: 512, bytes: 512 * (1 * 512 + 3 * 100) },
    { tokens: 100, bytes: 2048 * 100 },
    { tokens: 60, bytes: 2048 * 60 },
  ])('of a sequence of $tokens tokens stays within the windows', ({ tokens, bytes }) => {
    expect(sequenceBytes(sliding, tokens)).toBe(bytes);
    expect(cacheBytes(sliding, { maxModelLen: tokens, maxConcurrency: 3 })).toBe(3 * bytes);
  });

  it('is counted in tokens of whole sequences', () => {
    // Room 1 048 576 · 0.5 − 24 288 − 1 000 000/4 = 250 000 B a GPU; a token of 512 takes 812/4 B on each of 4 GPUs: 250 000/203 = 1231.5.
    const sizing = { gpuMemory: 1_048_576, utilization: 0.5, overheadPerGPU: 24_288, maxModelLen: 512, maxConcurrency: 1 };
    expect(kvTokensThatFit(sliding, sizing, 1_000_000, 4)).toBe(1231);
  });

  it('has no room where the weights have none', () => {
    const sizing = { gpuMemory: 1000, utilization: 1, overheadPerGPU: 0, maxModelLen: 1, maxConcurrency: 1 };
    expect(kvTokensThatFit(facts({ kvBytesPerToken: 0 }), sizing, 1001, 1)).toBe(0);
  });

  it('gains nothing from GPUs beyond the KV heads', () => {
    const thin = facts({ attentionHeads: 8, kvHeads: 1, bytes: { experts: 0, routers: 0, total: 0 }, kvBytesPerToken: 1024 });
    const sizing = { gpuMemory: 1024 * 100, utilization: 1, overheadPerGPU: 0, maxModelLen: 100, maxConcurrency: 1 };
    expect(gpusNeeded(thin, sizing, 0)).toBe(1);
    expect(gpusNeeded(thin, { ...sizing, maxModelLen: 101 }, 0)).toBeUndefined();
  });
});

describe('GPUs', () => {
  it('hold the overhead each', () => {
    // Mixtral 8x22B: 281 GB in bf16, 229 376 B of cache a token; an H100 of 81 559 MiB at 0.9 with 4 GiB of overhead leaves 72 673 761 689 B.
    const mixtral = facts({ attentionHeads: 48, kvHeads: 8, vocabSize: 32_000, kvBytesPerToken: 229_376, bytes: { experts: 271e9, routers: 2.7e6, total: 281e9 }, experts: 8 });
    const h100 = { gpuMemory: 81_559 * 2 ** 20, utilization: 0.9, overheadPerGPU: 4 * 2 ** 30, maxModelLen: 32_768, maxConcurrency: 1 };
    expect(gpusNeeded(mixtral, h100, mixtral.bytes.total)).toBe(4); // 4 · 72.67 = 290.7 ≥ 281 + 7.5
    expect(gpusNeeded(mixtral, { ...h100, maxConcurrency: 2 }, mixtral.bytes.total)).toBe(8); // < 281 + 15
    expect(gpusNeeded(mixtral, { ...h100, overheadPerGPU: 7 * 2 ** 30 }, mixtral.bytes.total)).toBe(8); // 4 · 69.45 = 277.8 < 281
  });
});
