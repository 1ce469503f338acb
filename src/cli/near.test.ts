import { expect, it } from 'vitest';

import { near } from './near.ts';

const names = ['mixtral-8x22b-q4', 'olmoe', 'qwen', 'a'];

it.each([
  { wanted: 'mixtral', found: ['mixtral-8x22b-q4'], why: 'a part of it' },
  { wanted: 'olmoe-2', found: ['olmoe'], why: 'more than it' },
  { wanted: 'omloe', found: ['olmoe'], why: 'two letters swapped' },
  { wanted: 'deepseek', found: [], why: 'another name' },
  { wanted: 'bcd', found: [], why: 'nothing in common with a short name' },
])('$wanted means $found: $why', ({ wanted, found }) => {
  expect(near(wanted, names)).toEqual(found);
});
