/** A namespace of its own for each test file: restricted Pod Security, S3 credentials, runner, serving runtime. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { kubectl } from './kubectl.ts';
import { waitFor } from './wait.ts';

const run = promisify(execFile);
const script = fileURLToPath(new URL('../cluster/namespace', import.meta.url));

/** Makes the namespace empty and ready, whatever an earlier, interrupted run left in it. */
export async function freshNamespace(name: string): Promise<void> {
  await emptyNamespace(name);
  await ensureNamespace(name);
}

export async function ensureNamespace(name: string): Promise<void> {
  await run(script, [name]);
}

/** Gives the GPUs back: the services of one test file would starve the next. */
export async function emptyNamespace(name: string): Promise<void> {
  await kubectl(['delete', 'prunejob,inferenceservice', '--all', '-n', name, '--ignore-not-found', '--wait']);
  await kubectl(['delete', 'deployment', '--all', '-n', name, '--ignore-not-found', '--cascade=foreground', '--wait']);
  await podsGone(name, 'serving.kserve.io/inferenceservice');
}

async function podsGone(namespace: string, selector: string): Promise<void> {
  await waitFor(`the pods with ${selector} in ${namespace} to be gone`, 60, async () => {
    const names = await kubectl(['get', 'pods', '-n', namespace, '-l', selector, '-o', 'name']);
    return names.trim() === '';
  });
}
