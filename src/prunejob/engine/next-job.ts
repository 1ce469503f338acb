/** Starts the next engine Job of a run, never a second one beside it. */
import type { ConditionUpdate } from '../../api/conditions.ts';
import { labels } from '../../api/names.ts';
import { compact } from '../compact.ts';
import type { Action } from '../decision.ts';
import { deadlineSeconds, engineJob, podTemplates } from './job.ts';
import { nodesToAvoid } from '../failure/failure.ts';
import type { ChildJob, Stage } from '../observed.ts';
import { overlayRefused } from '../pod-template/refused.ts';
import { unfinishedChildren, type Run } from '../run.ts';
import { ensureScratch, scratchIsGoing } from './scratch.ts';
import { fail, lookAgainMs, waitThenFail, type Missing, type Step } from '../step.ts';

export interface NextJob {
  readonly stage: Stage;
  readonly attempt: number;
  readonly phase: NonNullable<Step['phase']>;
  readonly conditions: readonly ConditionUpdate[];
  /** The condition that tells of a missing ServiceAccount. */
  readonly waiting: Pick<Missing, 'type' | 'status'>;
}

export function startJob(run: Run, { stage, attempt, phase, conditions, waiting }: NextJob): Step {
  const { serviceAccount, pruneJob, engine, policy, endpoints } = run.observed;
  if (typeof serviceAccount === 'string') return waitThenFail(run, phase, { ...waiting, ...unusableServiceAccount(run, serviceAccount) });
  const options = compact({ pruneJob, stage, attempt, engine, serviceAccount, endpoints, avoidNodes: nodesToAvoid(run.observed.childJobs) });
  const refused = overlayRefused(podTemplates(options), policy);
  if (refused !== undefined) return fail(run, refused, stage === 'inspect' ? 'Planned' : undefined);
  // The pod of a Job that is being deleted may still write; its Job stays until the pod is gone.
  if (unfinishedChildren(run).length > 0) return { phase, requeueAfterMs: lookAgainMs };
  const createJob = { kind: 'CreateJob', manifest: engineJob(options) } as const;
  if (stage !== 'prune') return { phase, conditions, actions: [createJob] };
  if (scratchIsGoing(run)) return { phase, requeueAfterMs: lookAgainMs };
  return { phase, conditions, actions: [...ensureScratch(run), createJob], set: { attempt } };
}

export function unusableServiceAccount({ observed, spec }: Run, why: 'Missing' | 'NotARunner'): Pick<Missing, 'reason' | 'message'> {
  const name = spec.runner.serviceAccountName ?? observed.engine.serviceAccountName;
  const namespace = observed.pruneJob.metadata.namespace;
  if (why === 'NotARunner') return notARunner(namespace, name);
  return { reason: 'ServiceAccountNotFound', message: `ServiceAccount ${namespace}/${name}, under which the engine runs, does not exist. Create it, or name another in runner.serviceAccountName.` };
}

/** Its Secrets become the engine's, whose image the PruneJob chooses: so whoever owns the ServiceAccount has to offer it. */
function notARunner(namespace: string, name: string): Pick<Missing, 'reason' | 'message'> {
  const command = `kubectl --namespace ${namespace} label serviceaccount ${name} ${labels.runner}=true`;
  return { reason: 'ServiceAccountNotAllowed', message: `ServiceAccount ${namespace}/${name} is not offered to PruneJobs. Offer it with: ${command}; or name another in runner.serviceAccountName.` };
}

/** runner.activeDeadline may change while the Job runs. */
export function deadlineUpdate({ observed }: Run, { stage, job }: ChildJob): Action[] {
  const activeDeadlineSeconds = deadlineSeconds(observed.pruneJob, stage);
  if (job.spec?.activeDeadlineSeconds === activeDeadlineSeconds) return [];
  return [{ kind: 'UpdateJob', name: job.metadata.name, uid: job.metadata.uid ?? '', spec: { activeDeadlineSeconds } }];
}
