/**
 * A pod of the service as it is, to be asked for a completion before the service is touched.
 *
 * Asked at a moment without one, the new pods would never have to answer: so a pod is waited for, but not for ever, because a service whose
 * pods never come up may be moved for that very reason.
 */
import type { Run } from '../run.ts';
import type { ServiceObserved } from '../serving/adapter.ts';
import { waitOf, type Step } from '../step.ts';

export function waitForPod(run: Run, { running: { endpoints } }: ServiceObserved): Step | undefined {
  const wait = endpoints?.length === 0 ? waitOf(run, 'WaitingForPod') : undefined;
  if (wait === undefined) return undefined;
  const { mode, waitFor = '' } = run.spec.serving ?? {};
  const then = mode === 'Emit' ? 'the patch is emitted' : 'it is moved';
  const message = `The service has no ready pod that can be asked for a completion before ${then}. Without one within serving.waitFor ${waitFor} ${then} all the same, and no completion is asked of its new pods.`;
  return { phase: 'Published', conditions: [{ type: 'Served', status: 'False', reason: 'WaitingForPod', message }], ...wait };
}
