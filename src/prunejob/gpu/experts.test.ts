import { describe, expect, it } from 'vitest';

import { expertsKept, fewestExperts, kernelWarnings, ratioAtLeast, ratioAtMost } from './experts.ts';
import { facts } from '../testing/builders.ts';

describe('experts that stay', () => {
  it.each([
    { experts: 8, ratio: 0.25, kept: 6 },
    { experts: 8, ratio: 0.0625, kept: 7 }, // floor(0.5 + 0.5) = 1
    { experts: 8, ratio: 0.0624, kept: 8 },
    { experts: 32, ratio: 0.1, kept: 29 },
    { experts: 128, ratio: 0.5, kept: 64 },
  ])('$experts experts at ratio $ratio keep $kept', ({ experts, ratio, kept }) => {
    expect(expertsKept(facts({ experts }), ratio)).toBe(kept);
  });

  it.each([
    { name: 'top-k alone', of: { topK: 2 }, multipleOf: 1, fewest: 2 },
    { name: 'top-k, up to a multiple', of: { topK: 8 }, multipleOf: 6, fewest: 12 },
    // A token fills top-8 from 4 groups: 8/4 = 2 in each of the 8.
    { name: 'top-k from some of the groups', of: { topK: 8, expertGroups: 8, topKGroups: 4 }, multipleOf: 1, fewest: 16 },
    // top-4 needs 1 in each group, but a router that adds a group's two best needs 2.
    { name: 'the experts that rank a group', of: { topK: 4, expertGroups: 8, topKGroups: 4, rankingExperts: 2 }, multipleOf: 1, fewest: 16 },
    { name: 'one group', of: { topK: 1, rankingExperts: 2 }, multipleOf: 1, fewest: 2 },
    { name: 'groups and a multiple', of: { topK: 8, expertGroups: 8, topKGroups: 4 }, multipleOf: 10, fewest: 40 },
  ])('are at least $fewest for $name', ({ of, multipleOf, fewest }) => {
    expect(fewestExperts(facts({ experts: 256, ...of }), multipleOf)).toBe(fewest);
  });

  it('are named by ratios that still keep them when rounded', () => {
    const qwen = facts({ experts: 128 });
    // 3/128 = 0.0234375
    expect([ratioAtLeast(qwen, 125), ratioAtMost(qwen, 125)]).toEqual([0.0235, 0.0234]);
    expect(ratioAtLeast(facts({ experts: 32 }), 24)).toBe(0.25);
  });
});

describe('the warning of a count that kernels lack', () => {
  it.each([
    { experts: 8, kept: 6, says: /for 1, 2, 4, 8 experts a layer; 6 take/ },
    { experts: 256, kept: 200, says: /192, 256 experts a layer; 200 take/ },
  ])('$kept of $experts', ({ experts, kept, says }) => {
    expect(kernelWarnings(facts({ experts }), kept)).toEqual([expect.stringMatching(says)]);
  });

  it.each([{ experts: 256, kept: 192 }, { experts: 8, kept: 4 }, { experts: 60, kept: 60 }, { experts: 0, kept: 0 }])('none for $kept of $experts', ({ experts, kept }) => {
    expect(kernelWarnings(facts({ experts }), kept)).toEqual([]);
  });
});
