/**
 * A Job's name belongs to one (stage, attempt) of one PruneJob, for ever, and an attempt's number is not given to other work.
 *
 * Two exceptions: what somebody else deleted may be made again under its number, and an inspection, which only reads, always is attempt 1
 * again after a suspension.
 */
import { labels } from '../../../src/api/names.ts';
import { jobType } from '../../../src/shell/resources.ts';
import { pruneJobUid } from '../../../src/shell/stores.ts';
import type { KubeObject } from '../../../src/runtime/types.ts';
import type { Commit } from '../api-server/storage.ts';
import type { Rule } from './invariant.ts';
import { isOf, isOperator, stageOfJob } from './questions.ts';

export const attempts: Rule = (context) => {
  const attemptOfName = new Map<string, string>();
  const endedByUs = new Set<string>();
  const made = (job: KubeObject): void => {
    const [name, attempt] = [`${pruneJobUid(job) ?? ''} ${job.metadata.name}`, attemptOf(job)];
    const before = attemptOfName.get(name) ?? attempt;
    if (before !== attempt) context.violated('one name, one attempt', `Job ${job.metadata.name} was attempt "${before}" before and is "${attempt}" now.`);
    attemptOfName.set(name, attempt);
    if (endedByUs.has(attempt) && stageOfJob(job) !== 'inspect') context.violated('attempts are not reused', `Job ${job.metadata.name} was ended by the operator and is made again under the same number.`);
  };
  return {
    committed: (commit) => {
      const { before, after } = commit;
      if (!isOf(commit, jobType)) return;
      if (before !== undefined && isEndedByUs(commit)) endedByUs.add(attemptOf(before));
      if (before === undefined && after !== undefined) made(after);
    },
  };
};

function attemptOf(job: KubeObject): string {
  return `${pruneJobUid(job) ?? ''} ${stageOfJob(job) ?? ''} ${job.metadata.labels?.[labels.attempt] ?? ''}`;
}

function isEndedByUs({ before, after, by }: Commit): boolean {
  return before?.metadata.deletionTimestamp === undefined && after?.metadata.deletionTimestamp !== undefined && isOperator(by);
}
