import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { engineReasons, operatorReasons } from '../../api/conditions.ts';
import { holds } from '../queue/held.ts';
import { clusterFailures, startFailures } from './cluster-failures.ts';
import { exitOf } from './exit-codes.ts';
import { gpuFailures } from './gpu-failures.ts';
import { refusals } from './unscheduled.ts';
import { waits } from './waiting.ts';

const page = readFileSync(new URL('../../../docs/reference/failures.md', import.meta.url), 'utf8');
const rows = page.split('\n').filter((line) => line.startsWith('|'));
const againWords = { Never: 'no', Free: 'free', Try: 'try', Elsewhere: 'elsewhere' };

describe('docs/reference/failures.md', () => {
  it.each([...clusterFailures, ...gpuFailures, ...startFailures])('names $name under $reason, tried again: $retry', ({ name, reason, retry }) => {
    expect(rows.filter((row) => row.startsWith(`| \`${reason}\` | ${againWords[retry]} |`) && row.includes(name))).toHaveLength(1);
  });

  it.each(waits)('names $name under $means', ({ name, means }) => {
    expect(rows.filter((row) => row.startsWith(`| \`${means}\` |`) && row.includes(name))).toHaveLength(1);
  });

  it.each(holds)('names $name under $reason', ({ name, reason }) => {
    expect(rows.filter((row) => row.startsWith(`| \`${reason}\` |`) && row.includes(name))).toHaveLength(1);
  });

  it.each([2, 3, 4, 5, 6, 137, 143])('names exit code %i', (code) => {
    const { reason, retry } = exitOf(code);
    expect(rows.filter((row) => row.startsWith(`| ${code} |`) && row.includes(`\`${reason}\``) && row.includes(`| ${againWords[retry]} |`))).toHaveLength(1);
  });

  it('names every reason of a failure and every sentence of the scheduler', () => {
    expect([...engineReasons, ...operatorReasons].filter((reason) => !page.includes(`\`${reason}\``))).toEqual([]);
    const flat = page.replaceAll('\n', ' ');
    expect(refusals.filter(({ name }) => !flat.includes(name))).toEqual([]);
  });
});
