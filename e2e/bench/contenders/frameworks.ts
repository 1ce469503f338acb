/** kopf from PyPI and the stock @dot-i/k8s-operator, each with the same few lines of logic. */
import { copyFile, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { binaries } from '../../../scripts/tools.ts';
import { namespace } from '../control-plane.ts';
import type { Contender } from './contender.ts';
import { task } from './task.ts';

const installed = (name: string): string => join(binaries, '../bench-operator', name);
const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Standalone: its peering is not a Lease, and waits a minute for a peer that died. */
export const kopf: Contender = {
  name: 'kopf',
  ...task,
  electsLeader: false,
  program: ({ kubeconfig }) => ({
    command: [join(installed('kopf'), 'bin/python'), '-m', 'kopf', 'run', '--standalone', `--namespace=${namespace}`, source('kopf/one_job_each.py')],
    env: { KUBECONFIG: kubeconfig },
  }),
};

/** The program lies beside its packages, because Node looks for them from where the file is. */
export const dotI: Contender = {
  name: 'dot-i',
  ...task,
  electsLeader: false,
  program: async ({ kubeconfig, folder }) => {
    await mkdir(folder, { recursive: true });
    await copyFile(source('dot-i/operator.mjs'), join(folder, 'operator.mjs'));
    await symlink(join(installed('dot-i'), 'node_modules'), join(folder, 'node_modules')).catch(() => undefined);
    return { command: [process.execPath, join(folder, 'operator.mjs')], env: { NODE_ENV: 'production', KUBECONFIG: kubeconfig } };
  },
};
