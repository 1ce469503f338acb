/** PruneJobs and services that a real Argo CD delivers from Git: what docs/how-to/argocd.md promises. */
import { describe, it } from 'vitest';

import { play } from './lib/row.ts';
import { setUp } from './lib/set-up.ts';
import { rows } from './rows/index.ts';

const { argocd } = setUp();

describe('Argo CD', () => {
  // Not by it.each, which cuts a title short after 40 characters: no row could be chosen by what comes behind.
  for (const row of rows) it(row.title, () => play(row, argocd()));
});
