/** Runs that a real Kueue admits, takes back and admits again: what docs/how-to/kueue.md promises. */
import { describe, it } from 'vitest';

import { setUp } from './lib/set-up.ts';
import { rows } from './rows/index.ts';

setUp();

describe('Kueue', () => {
  // Not by it.each, which cuts a title short after 40 characters: no row could be chosen by what comes behind.
  for (const { title, play } of rows) it(title, play);
});
