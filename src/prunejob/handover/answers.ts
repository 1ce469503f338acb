/**
 * A completion, asked of the pods themselves: a server may be Ready and still fail at its first request.
 *
 * The trap is a server that would answer others and not the operator: behind a network policy, mutual TLS or an API key. So the old pods are
 * asked before the first change, and only if one of them answered must the new ones answer too.
 */
import type { PreviousService, PruneJob } from '../../api/v1alpha1/prunejob.ts';
import { awaitedOf, isAwaitingGit } from './awaiting-git.ts';
import { isTrue } from '../kube.ts';
import { plainText } from '../plain-text.ts';
import type { Answer, Observed } from '../observed.ts';
import type { Run } from '../run.ts';
import type { Endpoint, Running } from '../serving/adapter.ts';

/** A pod that is busy for once is not silent: an old one must not make the new ones go unasked, a new one must not undo a rollout. */
const tries = 3;
const longestReason = 1024;

type Answers = Observed['answers'];
type Heard = Pick<PreviousService, 'answered' | 'unansweredBecause'>;

/** From the published model to the served one, unless nothing goes forward; with mode Emit not while Git is waited for. */
export function wantsAnswers(pruneJob: PruneJob): boolean {
  const { spec, status: { conditions, serving } = {} } = pruneJob;
  if (isAwaitingGit(pruneJob)) return awaitedOf(pruneJob) === 'Served' && serving?.rollout?.appliedAt !== undefined;
  const over = (['Served', 'Complete', 'Failed'] as const).some((type) => isTrue(conditions, type));
  return spec.serving !== undefined && isTrue(conditions, 'Published') && !over && goesForward(pruneJob);
}

function goesForward({ metadata, spec, status }: PruneJob): boolean {
  return metadata.deletionTimestamp === undefined && spec.suspend !== true && status?.serving?.rollout?.rollbackStartedAt === undefined;
}

/** What the service as it is has answered; undefined while it may still answer. */
export function heardBefore(known: Answers, { endpoints = [] }: Running): Heard | undefined {
  if (endpoints.length === 0) return { answered: false, unansweredBecause: 'no pod of it was ready to be asked' };
  const answers = endpoints.map((endpoint) => answerOf(known, endpoint));
  if (answers.some((answer) => answer?.answered)) return { answered: true };
  const silent = answers.find((answer) => answer !== undefined && !answer.answered);
  const enough = answers.every((answer) => answer !== undefined && !answer.answered && answer.tries >= tries);
  return enough && silent?.answered === false ? { answered: false, unansweredBecause: plainText(silent.why).slice(0, longestReason) } : undefined;
}

/** What could not be seen, as a sentence: when the change begins, and at its end. */
export function unasked(tense: 'Will' | 'Was', { answered, unansweredBecause = '' }: Partial<Heard> = {}): string[] {
  if (answered !== false) return [];
  return [tense === 'Will'
    ? `No completion will be asked of its new pods, because it does not answer one to the operator as it is: ${unansweredBecause}.`
    : `No completion was asked of it, because the service before did not answer one to the operator: ${unansweredBecause}.`];
}

/** Why the pods are not known to answer as the old ones did, as the end of a sentence that begins with the service. */
export function silenceOf({ observed, status }: Run, { endpoints = [] }: Running): string | undefined {
  if (status.serving?.previous?.answered !== true) return undefined;
  if (endpoints.length === 0) return 'has no ready pod that can be asked for a completion';
  const silent = endpoints.map((endpoint) => ({ endpoint, answer: answerOf(observed.answers, endpoint) })).find(({ answer }) => !isAnswering(answer));
  if (silent === undefined) return undefined;
  const { endpoint, answer } = silent;
  return answer === undefined || answer.answered ? 'is asked for a completion' : `does not answer completions, as it did before: pod ${endpoint.pod} ${answer.why}`;
}

function isAnswering(answer: Answer | undefined): boolean {
  return answer !== undefined && (answer.answered || (answer.answeredBefore === true && answer.tries < tries));
}

function answerOf(answers: Answers, { podUid }: Endpoint): Answer | undefined {
  return answers?.[podUid];
}
