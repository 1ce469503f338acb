/** The local cluster's own parts, killed without a warning and started again by the script that made them. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { waitFor } from '../../lib/wait.ts';
import { patience } from '../../lib/patience.ts';

const run = promisify(execFile);
const script = fileURLToPath(new URL('../../cluster/lib/parts', import.meta.url));

export type Part = 'etcd' | 'kube-apiserver' | 'minio';

/** All at once, as a lost machine takes them; they come back, and answer, once `meanwhile` is over. */
export async function withoutParts(parts: readonly Part[], meanwhile: () => Promise<void>): Promise<void> {
  const pids = await Promise.all(parts.map(pidOf));
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  try {
    await waitFor(`${parts.join(' and ')} to end`, patience, async () => (await Promise.all(pids.map(hasEnded))).every(Boolean));
    await meanwhile();
  } finally {
    await run(script);
  }
}

async function pidOf(part: Part): Promise<number> {
  return Number((await readFile(`/run/stun/${part}.pid`, 'utf8')).split(' ')[0]);
}

/** A zombie has ended too: nobody may ask how. */
async function hasEnded(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat === undefined || stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
}
