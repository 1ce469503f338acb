/** What a process takes, as the kernel counts it. */
import { readFile } from 'node:fs/promises';

export interface Usage {
  readonly residentMB: number;
  /** Since the process began. */
  readonly maxResidentMB: number;
  readonly cpuSeconds: number;
}

/** Of Linux on every architecture that Node runs on. */
const ticksPerSecond = 100;

export async function usageOf(pid: number): Promise<Usage> {
  const [status, stat] = await Promise.all([readFile(`/proc/${pid}/status`, 'utf8'), readFile(`/proc/${pid}/stat`, 'utf8')]);
  return parseUsage(status, stat);
}

export function parseUsage(status: string, stat: string): Usage {
  // The second field is the program's name and may hold spaces and brackets.
  const [user, system] = stat.slice(stat.lastIndexOf(')') + 2).split(' ').slice(11, 13).map(Number);
  return { residentMB: megabytes(status, 'VmRSS'), maxResidentMB: megabytes(status, 'VmHWM'), cpuSeconds: ((user ?? 0) + (system ?? 0)) / ticksPerSecond };
}

function megabytes(status: string, field: string): number {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  if (found === undefined) throw new Error(`The kernel tells no ${field} of the process; it has ended.`);
  return (Number(found) * 1024) / 1e6;
}
