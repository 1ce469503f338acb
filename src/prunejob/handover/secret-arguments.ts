/**
 * A service whose arguments hold a secret in clear is refused: what a rollout changes is saved in the status and, with mode Emit, handed to Git.
 *
 * Only names that are known to take a secret count, because a guess would refuse `--max-num-batched-tokens` and a model's `"bos_token"`.
 */
import type { Failure } from '../failure/failure.ts';
import type { Run } from '../run.ts';
import type { ServiceObserved } from '../serving/adapter.ts';

/** As the last words of a longer name, `token` alone only as the whole of it. */
const names = '[a-z0-9_.-]*(?:(?:api|access|secret|private)[-_]?key|(?:api|access|auth|bearer|hf|session)[-_]?token|password|passwd|passphrase|secret)|token';
const quote = '\\\\*["\']';
/** `$(NAME)` is what the kubelet fills in, and what begins with a dash is the next flag. */
const value = '(?!\\$\\(|-|\\\\|["\'])\\S';
const shapes = [
  `(?:^|\\s)(--(?:${names}))(?:=|\\s+)(?:${quote})?${value}`,
  // In front of a command, or exported in a shell line.
  `(?:^|[\\s"';])((?:${names}))=(?:${quote})?${value}`,
  // JSON, also inside a JSON text.
  `${quote}((?:${names}))${quote}\\s*:\\s*${quote}${value}`,
];
const inClear = shapes.map((shape) => new RegExp(shape, 'i'));
const inURL = /:\/\/[^\s/@:"']*:(?!\$\()[^\s/@"']+@/;

export function secretArguments({ spec: { serving } }: Run, { fields: { modelUri, command = [], args = [] } }: ServiceObserved): Failure | undefined {
  // Joining with a space makes two items read like one line.
  const found = secretIn([modelUri, ...command, ...args].join(' '));
  if (serving === undefined || found === undefined) return undefined;
  return {
    reason: 'UnsupportedService',
    message:
      `${serving.ref.kind} ${serving.ref.name} has ${found} in clear among its arguments, and these are saved in the status of a PruneJob. ` +
      'Take it from a Secret: an environment variable with valueFrom.secretKeyRef, which the argument names as $(NAME). Then create another PruneJob.',
  };
}

function secretIn(text: string): string | undefined {
  const name = inClear.map((shape) => shape.exec(text)?.[1]).find((match) => match !== undefined);
  if (name !== undefined) return `the value of ${name}`;
  return inURL.test(text) ? 'the password of a URL' : undefined;
}
