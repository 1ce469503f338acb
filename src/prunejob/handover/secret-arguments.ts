/**
 * A service whose arguments hold a secret in clear is refused: what a rollout changes is saved in the status and, with mode Emit, handed to Git.
 *
 * Only flags that are known to take a secret count, because a guess would refuse `--max-num-batched-tokens`.
 */
import type { Failure } from '../failure/failure.ts';
import type { Run } from '../run.ts';
import type { ServiceObserved } from '../serving/adapter.ts';

const names = '(?:(?:api|access|secret|private)[-_]key|(?:api|access|auth|bearer|hf)[-_]token|password|passwd|secret)';
/** `$(NAME)` is what the kubelet fills in, and what begins with a dash is the next flag. */
const inClear = new RegExp(`(?:^|\\s)(--(?:[a-z0-9]+[-_])*${names})(?:=|\\s+)(?!\\$\\(|-)\\S`, 'i');

export function secretArguments({ spec: { serving } }: Run, { fields: { command = [], args = [] } }: ServiceObserved): Failure | undefined {
  // Joining with a space makes two items read like one line.
  const flag = inClear.exec([...command, ...args].join(' '))?.[1];
  if (serving === undefined || flag === undefined) return undefined;
  return {
    reason: 'UnsupportedService',
    message:
      `${serving.ref.kind} ${serving.ref.name} has the value of ${flag} in clear among its arguments, and these are saved in the status of a PruneJob. ` +
      'Take it from a Secret: an environment variable with valueFrom.secretKeyRef, which the argument names as $(NAME). Then create another PruneJob.',
  };
}
