/**
 * The form of the failure tables: one row a failure, with the signs by which it is known and what follows from it.
 *
 * A new failure is one row here and one recorded message in testing/; the tests hold every row to a message that somebody really saw.
 */
import type { FailedReason } from '../../api/conditions.ts';

export interface Failure {
  readonly reason: FailedReason;
  readonly message: string;
}

/**
 * Never: no try can mend it. Free: again, and it costs no try. Try: again, until runner.backoffLimit is used up.
 * Elsewhere: again, and the next Job prefers other nodes.
 */
export type Retry = 'Never' | 'Free' | 'Try' | 'Elsewhere';

/** All that are named must be there. */
export interface Signs {
  /** Of the pod's status, of its disruption, or of its container's state. */
  readonly reason?: RegExp;
  readonly text?: RegExp;
}

export interface Row {
  /** In the words of whoever reports it. */
  readonly name: string;
  readonly signs: Signs;
  readonly reason: FailedReason;
  readonly retry: Retry;
  /** What happened: the beginning of a sentence that ends with the words of whoever reported it. */
  readonly what: string;
  readonly remedy: string;
}

/** What a pod shows of its end, whoever wrote it. */
export interface Evidence {
  readonly reasons: readonly string[];
  readonly text: string;
}

export function rowFor(rows: readonly Row[], { reasons, text }: Evidence): Row | undefined {
  return rows.find(({ signs }) => {
    const { reason, text: words } = signs;
    return (reason === undefined || reasons.some((given) => reason.test(given))) && (words === undefined || words.test(text));
  });
}
