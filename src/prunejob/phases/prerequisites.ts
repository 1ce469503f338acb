/** What must be there before the first pod: the service in a shape that can be moved, and the ServiceAccount. */
import { unusableServiceAccount } from '../engine/next-job.ts';
import { scaledToZero } from '../handover/not-as-planned.ts';
import { holds, serviceRef, type Run } from '../run.ts';
import { waitToPlan } from '../handover/same-service.ts';
import { fail, waitThenFail, type Missing, type Step } from '../step.ts';

export function prerequisites(run: Run): Step | undefined {
  if (holds(run, 'Planned')) return undefined;
  const { service, serviceAccount } = run.observed;
  const waiting = { type: 'Planned', status: 'False' } as const;
  if (service === 'Missing') return waitThenFail(run, 'Pending', { ...waiting, ...missingService(run) });
  const other = waitToPlan(run);
  if (other !== undefined) return other;
  const refused = service === 'NotAsked' ? undefined : (service.refusal ?? scaledToZero(run, service));
  if (refused !== undefined) return fail(run, refused, 'Planned');
  if (typeof serviceAccount === 'string') return waitThenFail(run, 'Pending', { ...waiting, ...unusableServiceAccount(run, serviceAccount) });
  return undefined;
}

export function missingService(run: Run): Pick<Missing, 'reason' | 'message'> {
  const ref = run.spec.serving === undefined ? undefined : serviceRef(run, run.spec.serving);
  return { reason: 'ServiceNotFound', message: `${ref?.kind ?? ''} ${ref?.namespace ?? ''}/${ref?.name ?? ''} does not exist. Create it, or correct serving.ref.` };
}
