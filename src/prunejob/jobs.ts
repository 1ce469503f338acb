/** Starts the next engine Job of a run, never a second one beside it. */
import { engineJob } from './engine-job.ts';
import type { ConditionUpdate } from '../api/conditions.ts';
import { nodesToAvoid } from './failure.ts';
import type { Stage } from './observed.ts';
import { unfinishedChildren, type Run } from './run.ts';
import { ensureScratch, scratchIsGoing } from './scratch.ts';
import { lookAgainMs, waitThenFail, type Missing, type Step } from './step.ts';

export interface NextJob {
  readonly stage: Stage;
  readonly attempt: number;
  readonly phase: NonNullable<Step['phase']>;
  readonly conditions: readonly ConditionUpdate[];
  /** The condition that tells of a missing ServiceAccount. */
  readonly waiting: Pick<Missing, 'type' | 'status'>;
}

export function startJob(run: Run, { stage, attempt, phase, conditions, waiting }: NextJob): Step {
  const { serviceAccount, pruneJob, engine } = run.observed;
  if (serviceAccount === 'Missing') return waitThenFail(run, phase, { ...waiting, ...missingServiceAccount(run) });
  // The pod of a Job that is being deleted may still write; its Job stays until the pod is gone.
  if (unfinishedChildren(run).length > 0) return { phase, requeueAfterMs: lookAgainMs };
  const createJob = { kind: 'CreateJob', manifest: engineJob({ pruneJob, stage, attempt, engine, serviceAccount, avoidNodes: nodesToAvoid(run.observed.childJobs) }) } as const;
  if (stage !== 'prune') return { phase, conditions, actions: [createJob] };
  if (scratchIsGoing(run)) return { phase, requeueAfterMs: lookAgainMs };
  return { phase, conditions, actions: [...ensureScratch(run), createJob], set: { attempt } };
}

export function missingServiceAccount({ observed, spec }: Run): Pick<Missing, 'reason' | 'message'> {
  const name = spec.runner.serviceAccountName ?? observed.engine.serviceAccountName;
  const namespace = observed.pruneJob.metadata.namespace;
  return { reason: 'ServiceAccountNotFound', message: `ServiceAccount ${namespace}/${name}, under which the engine runs, does not exist. Create it, or name another in runner.serviceAccountName.` };
}
