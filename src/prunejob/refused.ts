/**
 * The end of a run whose Job, or whose claim, the API server does not take.
 *
 * What it calls invalid stays invalid however often it is sent, and a finished PruneJob is corrected by another one.
 */
import type { ConditionType } from '../api/conditions.ts';
import { labels } from '../api/names.ts';
import type { Decision } from './decision.ts';
import type { KubeObject } from './kube.ts';
import type { Observed } from './observed.ts';
import { startPutBack } from './phases/put-back.ts';
import { isRollingOut, runOf } from './run.ts';
import { conclude } from './status.ts';
import { fail } from './step.ts';

/** What was not taken, and the API server's sentence about it. */
export interface Refusal {
  readonly manifest: KubeObject;
  readonly message: string;
}

/** Takes the place of the decision that asked for it. */
export function decideRefused(observed: Observed, { manifest, message }: Refusal, now: Date): Decision {
  const said = message.replace(/[.\s]*$/, '');
  const { reason, field } = manifest.kind === 'Job' ? ofJob : ofClaim;
  const failure = { reason, message: `The API server refuses ${manifest.kind} ${manifest.metadata.name}: ${said}. Correct ${field} in a new PruneJob.` };
  const run = runOf(observed, now);
  // A canary must not outlive the run.
  return conclude(run, isRollingOut(run) ? startPutBack(run, failure) : fail(run, failure, conditionOf(manifest)));
}

const ofJob = { reason: 'PodTemplateInvalid', field: 'runner.podTemplate' } as const;
const ofClaim = { reason: 'ScratchInvalid', field: 'runner.scratch' } as const;

/** Only pruning has a claim. */
function conditionOf({ metadata: { labels: marks = {} } }: KubeObject): ConditionType | undefined {
  const stage = marks[labels.stage] ?? 'prune';
  if (stage === 'inspect') return 'Planned';
  return stage === 'prune' ? 'Pruned' : undefined;
}
