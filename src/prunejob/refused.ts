/**
 * The end of a run whose Job the API server does not take.
 *
 * What it calls invalid stays invalid however often it is sent, and a finished PruneJob is corrected by another one.
 */
import type { ConditionType } from '../api/conditions.ts';
import { labels } from '../api/names.ts';
import type { Decision } from './decision.ts';
import type { KubeObject } from './kube.ts';
import type { Observed } from './observed.ts';
import { runOf } from './run.ts';
import { conclude } from './status.ts';
import { fail } from './step.ts';

/** What was not taken, and the API server's sentence about it. */
export interface Refusal {
  readonly manifest: KubeObject;
  readonly message: string;
}

/** Takes the place of the decision that asked for the Job. */
export function decideRefused(observed: Observed, { manifest, message }: Refusal, now: Date): Decision {
  const said = message.replace(/[.\s]*$/, '');
  const failure = {
    reason: 'PodTemplateInvalid',
    message: `The API server refuses Job ${manifest.metadata.name}: ${said}. Correct runner.podTemplate in a new PruneJob.`,
  } as const;
  const run = runOf(observed, now);
  return conclude(run, fail(run, failure, conditionOfStage(manifest.metadata.labels?.[labels.stage])));
}

function conditionOfStage(stage: string | undefined): ConditionType | undefined {
  if (stage === 'inspect') return 'Planned';
  return stage === 'prune' ? 'Pruned' : undefined;
}
