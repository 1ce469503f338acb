/**
 * A Job's name belongs to one (stage, attempt) of one PruneJob, for ever, and the number of the attempts never goes back.
 *
 * A number may come twice where its Job is gone with all its pods: a crash between deleting a Job and noting that loses the note.
 */
import { labels } from '../../../src/api/names.ts';
import type { KubeObject } from '../../../src/runtime/types.ts';
import { jobType } from '../../../src/shell/resources.ts';
import { pruneJobUid } from '../../../src/shell/stores.ts';
import type { Context, Rule } from './invariant.ts';
import { byUid, isOf, stageOfJob } from './questions.ts';

export const attempts: Rule = (context) => {
  const attemptOfName = new Map<string, string>();
  return {
    committed: ({ type, before, after }) => {
      if (isOf({ type }, jobType) && before === undefined && after !== undefined) made(context, attemptOfName, after);
    },
  };
};

function made(context: Context, attemptOfName: Map<string, string>, job: KubeObject): void {
  const [name, attempt] = [`${pruneJobUid(job) ?? ''} ${job.metadata.name}`, attemptOf(job)];
  const earlier = attemptOfName.get(name) ?? attempt;
  if (earlier !== attempt) context.violated('one name, one attempt', `Job ${job.metadata.name} was attempt "${earlier}" before and is "${attempt}" now.`);
  attemptOfName.set(name, attempt);
  const noted = notedFor(context, job);
  if (noted > numberOf(job)) context.violated('attempts do not go back', `Job ${job.metadata.name} was created after attempt ${noted} had been noted.`);
}

/** Only prunings are counted. */
function notedFor(context: Context, job: KubeObject): number {
  return stageOfJob(job) === 'prune' ? (byUid(context, pruneJobUid(job))?.status?.attempt ?? 0) : 0;
}

function numberOf({ metadata }: KubeObject): number {
  return Number(metadata.labels?.[labels.attempt] ?? 0);
}

function attemptOf(job: KubeObject): string {
  return `${pruneJobUid(job) ?? ''} ${stageOfJob(job) ?? ''} ${numberOf(job)}`;
}
