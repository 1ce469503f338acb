/**
 * `serving.mode: Emit`: the patch that moves the service, for Git to deliver. The run ends with it, and the service is never written to.
 *
 * Made from the service as it is now, in one turn: a second look, after a crash in between, makes it anew and the ConfigMap follows.
 */
import { apiVersion, kind, ownLabels, patchName } from '../../api/names.ts';
import type { PruneJobStatus, ServingSpec } from '../../api/v1alpha1/prunejob.ts';
import { heardBefore, unasked } from '../handover/answers.ts';
import { compact } from '../compact.ts';
import type { Failure } from '../failure/failure.ts';
import type { ConfigMap } from '../kube.ts';
import { currentService, handoverOf, savedService, type Handover } from '../handover/handover.ts';
import { holds, serviceRef, type Run } from '../run.ts';
import { changedSincePlan, scaledToZero } from '../handover/not-as-planned.ts';
import { waitForOther } from '../handover/same-service.ts';
import { waitForPod } from '../handover/ready-pod.ts';
import { secretArguments } from '../handover/secret-arguments.ts';
import type { ServiceObserved } from '../serving/adapter.ts';
import { sameModel } from '../serving/fields.ts';
import { patchFiles, patchText, type PatchFiles } from '../serving/patch-files.ts';
import { fail, waitThenFail, type Step } from '../step.ts';
import { complete } from './finish.ts';
import { missingService } from './prerequisites.ts';

/** The CRD's bound; the ConfigMap holds what is longer. */
const longestPatch = 8192;
const askAgainMs = 5000;

export function emit(run: Run): Step | undefined {
  const { service } = run.observed;
  const { serving } = run.spec;
  if (serving?.mode !== 'Emit' || !holds(run, 'Published') || service === 'NotAsked') return undefined;
  if (service === 'Missing') return waitThenFail(run, 'Published', { type: 'Served', status: 'False', ...missingService(run) });
  return waitForOther(run) ?? emitFor(run, serving, service);
}

function emitFor(run: Run, serving: ServingSpec, service: ServiceObserved): Step | undefined {
  const problem = problemOf(run, service);
  if (problem !== undefined) return fail(run, problem, 'Served');
  const heard = heardBefore(run.observed.answers, service.running);
  if (heard === undefined) return { requeueAfterMs: askAgainMs };
  const unready = waitForPod(run, service);
  if (unready !== undefined) return unready;
  const saved = { ...run, status: { ...run.status, serving: { previous: { ...savedService(service), ...heard } } } };
  const handover = handoverOf(saved);
  return handover === undefined ? undefined : emitted(saved, serving, handover);
}

function problemOf(run: Run, service: ServiceObserved): Failure | undefined {
  return service.refusal ?? scaledToZero(run, service) ?? changedSincePlan(run, service) ?? secretArguments(run, service);
}

function emitted(run: Run, serving: ServingSpec, { adapter, service, previous, final }: Handover): Step {
  const ref = serviceRef(run, serving);
  const wanted = adapter.object(ref, final);
  const files = sameModel(previous, final) ? undefined : patchFiles(ref, service.object, wanted);
  if (files === undefined) return end(run, service, undefined, 'The service asks for the pruned model already, so there is no patch.');
  const manifest = configMap(run, files);
  const text = patchText(ref, service.object, wanted);
  const { name, namespace = '' } = manifest.metadata;
  const told = `The patch for Git is in ConfigMap ${name}: kubectl get configmap ${name} -n ${namespace} -o yaml. The service was not touched.`;
  const message = [told, ...unasked('Will', run.status.serving?.previous)].join(' ');
  const summary = compact({ configMap: name, patch: text.length > longestPatch ? undefined : text });
  return { ...end(run, service, summary, message), actions: [{ kind: 'WriteConfigMap', manifest }] };
}

function end({ status }: Run, service: ServiceObserved, summary: NonNullable<PruneJobStatus['serving']>['emitted'], message: string): Step {
  return {
    phase: 'Emitted',
    conditions: [{ type: 'Served', status: 'Unknown', reason: 'AwaitingGit', message: awaitingGit }, complete('Emitted', message)],
    set: { serving: compact({ ...status.serving, current: currentService(service), emitted: summary }) },
  };
}

export const awaitingGit = 'The service asks for its previous model still; Git has not delivered the patch.';

/** It goes with the PruneJob. */
function configMap({ observed }: Run, data: PatchFiles): ConfigMap {
  const { name, namespace, uid } = observed.pruneJob.metadata;
  const ownerReferences = [{ apiVersion, kind, name, uid, controller: true }];
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: patchName(name), namespace, labels: ownLabels({ name, uid }), ownerReferences }, data };
}
