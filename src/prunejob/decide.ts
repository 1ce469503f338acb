/**
 * The whole life of a PruneJob, as a table of contents: the first phase that has something to do decides.
 *
 * Pure and level-triggered: the same observation always gives the same decision, whatever happened before or got lost.
 */
import type { Decision } from './decision.ts';
import type { Observed } from './observed.ts';
import { canary } from './phases/canary.ts';
import { deletion } from './phases/deletion.ts';
import { delivery } from './phases/delivery.ts';
import { emit } from './phases/emit.ts';
import { endpointGate } from './phases/endpoint-gate.ts';
import { finish } from './phases/finish.ts';
import { gateRefused } from './phases/gate-refused.ts';
import { inspect } from './phases/inspect.ts';
import { plan } from './phases/plan.ts';
import { prerequisites } from './phases/prerequisites.ts';
import { prune } from './phases/prune.ts';
import { putBack } from './phases/put-back.ts';
import { rollback, rollbackBeforeRollout } from './phases/rollback.ts';
import { rollout } from './phases/rollout.ts';
import { scaled } from './phases/scaled.ts';
import { suspend } from './phases/suspend.ts';
import { terminal } from './phases/terminal.ts';
import { verify } from './phases/verify.ts';
import { withdrawn } from './phases/withdrawn.ts';
import { guarded } from './guard.ts';
import { runOf, type Run } from './run.ts';
import { conclude, unchanged } from './status.ts';
import type { Phase, Step } from './step.ts';

const ending: readonly Phase[] = [
  rollback, // asked for, also after the end
  delivery, // an emitted patch arrives by Git after the end
  terminal, // what is over stays over
  putBack, // a service half way back comes before everything else
  deletion,
];

const working: readonly Phase[] = [
  suspend,
  gateRefused,
  prerequisites,
  inspect,
  plan,
  prune,
  rollbackBeforeRollout,
  emit,
  withdrawn, // the owner's leave, taken back
  scaled, // before whatever writes to the service
  canary,
  endpointGate,
  rollout,
  verify,
  finish,
];

export function decide(observed: Observed, now: Date): Decision {
  const run = runOf(observed, now);
  const step = first(ending, run) ?? guarded(run, first(working, run));
  return step === undefined ? unchanged(run) : conclude(run, step);
}

function first(phases: readonly Phase[], run: Run): Step | undefined {
  for (const phase of phases) {
    const step = phase(run);
    if (step !== undefined) return step;
  }
  return undefined;
}
