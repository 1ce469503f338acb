/** Bare Jobs: what the control plane itself can do, which no operator on top of it can beat. */
import { namespace } from '../control-plane.ts';
import { isTrue, type Contender } from './contender.ts';
import { job } from './job.ts';

export const ceiling: Contender = {
  name: 'ceiling',
  collection: `/apis/batch/v1/namespaces/${namespace}/jobs`,
  object: job,
  isTerminal: (object) => isTrue(object, 'Complete'),
  electsLeader: false,
  prepare: () => Promise.resolve(),
};
