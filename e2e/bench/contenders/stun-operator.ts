/** This project's operator as its image runs it: the bundle, under the locked Node, with leader election. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { labels } from '../../../src/api/names.ts';
import { namespace } from '../control-plane.ts';
import { isTrue, type Contender } from './contender.ts';
import { pruneJobSpec } from './job.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Those of the image; NODE_FLAGS is for finding out what others would change. */
const nodeFlags = process.env.NODE_FLAGS?.split(' ').filter(Boolean) ?? imageFlags();

function imageFlags(): string[] {
  const dockerfile = readFileSync(`${root}Dockerfile`, 'utf8');
  const entrypoint = /^ENTRYPOINT (\[.*main\.js"\])$/m.exec(dockerfile)?.[1];
  if (entrypoint === undefined) throw new Error('The Dockerfile has no ENTRYPOINT that runs main.js; correct the pattern in stun-operator.ts.');
  return (JSON.parse(entrypoint) as string[]).filter((word) => word.startsWith('--'));
}

export const stunOperator: Contender = {
  name: 'stun-operator',
  collection: `/apis/stun-operator.io/v1alpha1/namespaces/${namespace}/prunejobs`,
  object: (name) => ({ apiVersion: 'stun-operator.io/v1alpha1', kind: 'PruneJob', metadata: { name, namespace }, spec: pruneJobSpec }),
  // A failed one would be as quick, and would prove nothing.
  isTerminal: (object) => isTrue(object, 'Complete'),
  electsLeader: true,
  prepare: async (plane) => {
    await plane.apply(`${root}crds/stun-operator.io_prunejobs.yaml`);
    await plane.server.call('PATCH', `/api/v1/namespaces/${namespace}/serviceaccounts/default`, { metadata: { labels: { [labels.runner]: 'true' } } });
  },
  program: ({ kubeconfig, ports: [port] }) => ({
    command: [process.execPath, ...nodeFlags, `${root}dist/main.js`],
    env: { NODE_ENV: 'production', KUBECONFIG: kubeconfig, METRICS_PORT: `${port}`, POD_NAMESPACE: namespace, POD_NAME: `operator-${port}` },
  }),
};
