/** The object of the contenders that are frameworks: it names its Job, and its handlers do nothing but make it and copy its end. */
import { configFile, namespace } from '../control-plane.ts';
import type { Contender } from './contender.ts';
import { job } from './job.ts';

export const task: Pick<Contender, 'collection' | 'object' | 'isTerminal' | 'prepare'> = {
  collection: `/apis/bench.stun-operator.io/v1/namespaces/${namespace}/tasks`,
  object: (name) => ({ apiVersion: 'bench.stun-operator.io/v1', kind: 'Task', metadata: { name, namespace }, spec: { job: job(name).spec } }),
  isTerminal: ({ status }) => status?.phase === 'Complete',
  prepare: (plane) => plane.apply(configFile('tasks.yaml')),
};
