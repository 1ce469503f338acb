/** The demo on cards of 5 MiB at 0.9, 4 718 592 B each: cache 1 048 576 B, weights 1 050 880 B and 295 936 B for each of 32 experts. */
import { describe, expect, it } from 'vitest';

import { ladder, mostExperts } from './search.ts';
import { facts } from '../testing/builders.ts';

const sizing = { gpuMemory: 5 * 2 ** 20, utilization: 0.9, overheadPerGPU: 0, maxModelLen: 512, maxConcurrency: 1 };
const question = { facts: facts(), sizing, asked: { multipleOf: 1 } };

describe('fewer GPUs', () => {
  it('name the most experts that fit each', () => {
    // Two cards: (9 437 184 − 1 048 576 − 1 050 880) / 295 936 = 24.8; one: (4 718 592 − 2 099 456) / 295 936 = 8.85.
    expect(ladder(question, 4)).toEqual([{ gpus: 2, experts: 24 }, { gpus: 1, experts: 8 }]);
    expect(ladder(question, 2)).toEqual([{ gpus: 1, experts: 8 }]);
  });

  it('keep a count that expert parallelism can divide', () => {
    expect(mostExperts({ ...question, asked: { multipleOf: 10 } }, 2)).toBe(20);
  });

  it('leave out what would need fewer experts than the router takes', () => {
    expect(ladder({ ...question, facts: facts({ topK: 9 }) }, 4)).toEqual([{ gpus: 2, experts: 24 }]);
  });

  it('allow sizes between', () => {
    expect(mostExperts(question, 3.5)).toBe(24); // 7 GPUs for two replicas
  });
});
