import { expect, it } from 'vitest';
import { parseUsage, usageOf } from './usage.ts';

const status = 'Name:\tnode\nVmHWM:\t  200000 kB\nVmRSS:\t  100000 kB\nThreads:\t11\n';
const stat = `42 (a (strange) name) S ${Array.from({ length: 10 }, () => '7').join(' ')} 150 50 7 7`;

it('reads memory in megabytes and the CPU time of user and system', () => {
  expect(parseUsage(status, stat)).toEqual({ residentMB: 102.4, maxResidentMB: 204.8, cpuSeconds: 2 });
});

it('says so when the process has ended', () => {
  expect(() => parseUsage('Name:\tnode\nState:\tZ (zombie)\n', stat)).toThrow('it has ended');
});

it('understands this machine\'s kernel', async () => {
  const usage = await usageOf(process.pid);
  expect(usage.maxResidentMB).toBeGreaterThanOrEqual(usage.residentMB);
  expect(usage.cpuSeconds).toBeGreaterThan(0);
});
