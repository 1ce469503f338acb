/** This project's operator as its image runs it: the bundle, under the locked Node, with leader election. */
import { fileURLToPath } from 'node:url';

import { namespace } from '../control-plane.ts';
import { isTrue, type Contender } from './contender.ts';
import { pruneJobSpec } from './job.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** None in the image; NODE_FLAGS is for finding out what they would change. */
const nodeFlags = (process.env.NODE_FLAGS ?? '').split(' ').filter(Boolean);

export const stunOperator: Contender = {
  name: 'stun-operator',
  collection: `/apis/stun-operator.io/v1alpha1/namespaces/${namespace}/prunejobs`,
  object: (name) => ({ apiVersion: 'stun-operator.io/v1alpha1', kind: 'PruneJob', metadata: { name, namespace }, spec: pruneJobSpec }),
  // A failed one would be as quick, and would prove nothing.
  isTerminal: (object) => isTrue(object, 'Complete'),
  electsLeader: true,
  prepare: (plane) => plane.apply(`${root}crds/stun-operator.io_prunejobs.yaml`),
  program: ({ kubeconfig, ports: [port] }) => ({
    command: [process.execPath, ...nodeFlags, `${root}dist/main.js`],
    env: { NODE_ENV: 'production', KUBECONFIG: kubeconfig, METRICS_PORT: `${port}`, POD_NAMESPACE: namespace, POD_NAME: `operator-${port}` },
  }),
};
