/** The hand-overs that `make test` has no time for. */
import { describe, it } from 'vitest';

import { handOver } from './lib/row.ts';
import { setUp } from './lib/set-up.ts';
import { rows } from './rows/index.ts';

setUp();

describe('a hand-over', () => {
  for (const row of rows.filter(({ always }) => always !== true)) it(row.title, () => handOver(row));
});
