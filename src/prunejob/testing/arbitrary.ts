/**
 * Observations that no life need ever have led to: half-filled statuses, conditions of other releases, Jobs and pods without the fields
 * that the API allows to be absent, times that lie in the future or are no times at all.
 *
 * A decision must be total over them: what is read from caches was written by anybody.
 */
import fc from 'fast-check';

import type { PruneJob, PruneJobStatus } from '../../api/v1alpha1/prunejob.ts';
import { compact } from '../compact.ts';
import type { Job, Pod } from '../kube.ts';
import type { ChildJob, Observed, ServiceState } from '../observed.ts';
import { queueLabel } from '../queue/kueue.ts';
import { denseFields, evaluation, facts, now, observed, prunedFields, pruneJob, result, runKey, service, serving, spec, withoutServing } from './builders.ts';
import { recordedPods } from './recorded-pods.ts';

type Arb<T> = fc.Arbitrary<T>;

/** Present, or left out as JSON leaves it out. */
function some<T extends object>(model: { [K in keyof T]: Arb<T[K]> }): Arb<Partial<T>> {
  return fc.record(model, { requiredKeys: [] }) as Arb<Partial<T>>;
}

const time = fc.oneof(
  fc.integer({ min: -7200, max: 7200 }).map((seconds) => new Date(now.getTime() + seconds * 1000).toISOString()),
  fc.constantFrom('', 'yesterday'),
);
const word = fc.constantFrom('', 'Running', 'Suspended', 'Error', 'ImagePullBackOff', 'CreateContainerError', 'OOMKilled', 'PodFailurePolicy', 'BackoffLimitExceeded', 'DeadlineExceeded', 'Unheard');
/** The CRD lets no reason of a PruneJob be empty. */
const ours = fc.oneof({ weight: 12, arbitrary: word.filter((reason) => reason !== '') }, { weight: 1, arbitrary: fc.constant('Emitted') });
const truth = fc.constantFrom('True', 'False', 'Unknown', '');
const text = fc.oneof(
  fc.string({ maxLength: 30 }),
  fc.constantFrom('NVRM: Xid (PCI:0000:44:00): 79, GPU has fallen off the bus', '0/1 nodes are available: 1 Insufficient nvidia.com/gpu.', 'null', '[]', '{"kind":"Error"}'),
  fc.constantFrom(facts(), evaluation(), facts({ existing: result() }), facts({ experts: 0 }), result(), result({ uri: 's3://elsewhere/' }), { kind: 'Error', reason: 'GPUFailed', message: 'Broken.' }).map((message) => JSON.stringify(message)),
);

const kubeCondition = (types: readonly string[]) => fc.record({ type: fc.constantFrom(...types), status: truth, reason: word, message: text, lastTransitionTime: time }, { requiredKeys: ['type', 'status'] });

const terminated = fc.record({ exitCode: fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 128, 137, 143, 255), reason: word, message: text, finishedAt: time }, { requiredKeys: ['exitCode'] });
const state = some({ waiting: some({ reason: word, message: text }), running: fc.constant({}), terminated });
const containerStatus = fc.record({ name: fc.constantFrom('engine', 'sidecar'), state, lastState: some({ terminated }) }, { requiredKeys: ['name'] });
const podStatus = fc.oneof(
  some({ phase: fc.constantFrom('Pending', 'Running', 'Succeeded', 'Failed', 'Unknown'), reason: word, message: text, conditions: fc.array(kubeCondition(['PodScheduled', 'DisruptionTarget', 'Ready']), { maxLength: 3 }), containerStatuses: fc.array(containerStatus, { maxLength: 2 }), initContainerStatuses: fc.array(containerStatus, { maxLength: 1 }) }),
  fc.constantFrom(...recordedPods.map(({ status }) => status)),
);
const pod = fc.record({ metadata: fc.record({ name: fc.constant('pod'), creationTimestamp: time, deletionTimestamp: time }, { requiredKeys: ['name'] }), spec: some({ nodeName: fc.constantFrom('gpu-0', 'gpu-1') }), status: podStatus }, { requiredKeys: ['metadata'] }) as Arb<Pod>;

const jobStatus = some({ active: fc.nat(2), failed: fc.nat(4), startTime: time, conditions: fc.array(kubeCondition(['Complete', 'Failed', 'Suspended', 'FailureTarget']), { maxLength: 2 }) });
const job = (name: string) => fc.record({ metadata: fc.record({ name: fc.constant(name), namespace: fc.constant('ml'), uid: fc.constant(`uid-${name}`), labels: fc.constant({ [queueLabel]: 'gpu' }), creationTimestamp: time, deletionTimestamp: time }, { requiredKeys: ['name', 'uid'] }), spec: some({ suspend: fc.boolean(), activeDeadlineSeconds: fc.nat() }), status: jobStatus }, { requiredKeys: ['metadata'] }) as Arb<Job>;
const childJob = fc.tuple(fc.constantFrom('inspect', 'prune', 'evaluate', 'clean'), fc.integer({ min: 1, max: 3 })).chain(([stage, attempt]) => fc.record({ stage: fc.constant(stage), attempt: fc.constant(attempt), job: job(`tiny-${stage}-${attempt}`), pods: fc.array(pod, { maxLength: 3 }) })) as Arb<ChildJob>;

const workload = fc.record({
  spec: some({ active: fc.boolean() }),
  status: some({ conditions: fc.array(kubeCondition(['QuotaReserved', 'Evicted', 'Admitted']), { maxLength: 3 }), admissionChecks: fc.array(fc.record({ name: word, state: word, message: text }, { requiredKeys: ['name'] }), { maxLength: 2 }) }),
}, { requiredKeys: [] }).map((rest) => ({ apiVersion: 'kueue.x-k8s.io/v1beta2', kind: 'Workload', metadata: { name: 'job-tiny' }, ...rest }));
const anyWorkload = fc.oneof(fc.constantFrom('NoKueue' as const, 'NotRead' as const, 'None' as const), workload);

const conditionTypes = ['Planned', 'Queued', 'Pruned', 'QualityAccepted', 'Published', 'Served', 'ServingConflict', 'RolledBack', 'Suspended', 'Complete', 'Failed', 'OfAnotherRelease'];
/** How far a run came decides which of the others are looked at, so half of them came somewhere. */
const reached = fc.constantFrom<readonly string[]>([], [], ['Planned'], ['Planned', 'Published']);
const strange = fc.uniqueArray(fc.record({ type: fc.constantFrom(...conditionTypes), status: truth, reason: ours, message: text, lastTransitionTime: time }), { selector: ({ type }) => type, maxLength: 3 });
const conditions = fc.tuple(reached, strange).map(([types, others]) => [
  ...types.map((type) => ({ type, status: 'True', reason: type, message: '', lastTransitionTime: '2026-01-01T11:00:00Z' })),
  ...others.filter(({ type }) => !types.includes(type)),
]);
const rollout = some({ strategy: fc.constantFrom('Surge', 'Recreate'), startedAt: time, canaryWrittenAt: time, canaryReadyAt: time, evaluation: fc.integer({ min: 1, max: 3 }), evaluatedAt: time, writtenAt: time, appliedAt: time, verifiedAt: time, verifiedReplicas: fc.nat(3), unhealthySince: time, flaps: fc.nat(4), rollbackStartedAt: time, message: text, reverts: fc.nat(4) });
const saved = fc.constantFrom({}, { uri: 's3://models/tiny-moe/' }, { uri: 's3://models/tiny-moe/', gpus: 4, fields: { ...service().fields } });
const status = some({
  phase: fc.constantFrom('Pending', 'Queued', 'Pruning', 'RollingOut', 'Failed'),
  runKey: fc.constantFrom(runKey, 'another'),
  attempt: fc.integer({ min: 1, max: 3 }),
  conditions,
  waiting: fc.record({ reason: ours, since: time }),
  plan: some({ gpus: text, gpusBefore: fc.nat(8), gpusAfter: fc.nat(8), tensorParallel: fc.nat(8), expertsAfter: fc.nat(32), bytesAfter: fc.nat() }),
  result: some({ uri: fc.constant(result().uri), manifestDigest: text }),
  progress: some({ percent: fc.nat(100), stage: word, updatedAt: time }),
  serving: some({ previous: saved, current: saved, rollout, emitted: fc.constant({ configMap: 'tiny-patch' }) }),
}) as Arb<PruneJobStatus>;

const canaryFields = { modelUri: result().uri, args: ['--tensor-parallel-size=2'], gpuLimit: 2, gpuRequest: 2 };
const canaried = service({ fields: { ...denseFields, canary: canaryFields }, managedByUs: true, canary: { modelUri: result().uri, gpusPerReplica: 2, settled: true } });

const anyService = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom('Missing' as const, 'NotAsked' as const) },
  { weight: 4, arbitrary: fc.constantFrom(service(), service({ fields: prunedFields, managedByUs: true }), service({ fields: { modelUri: '' }, running: { gpusPerReplica: 0, settled: false } }), service({ replicas: 0, nodeNames: [] }), canaried, service({ gitOwners: [{ manager: 'argocd-controller', fields: ['spec'] }] }), service({ refusal: { reason: 'UnsupportedService', message: 'No.' } })) },
);

const emits = serving({ mode: 'Emit' });
const tasks = [{ name: 'gsm8k' as const, uri: 's3://data/gsm8k.jsonl', minRetained: 0.9 }];
const asks = spec({ quality: { endpoint: { tasks } }, serving: serving({ strategy: 'Canary' }) });

/** Each of these ends a decision before the rest is looked at. */
function seldom<T>(arbitrary: Arb<T>): Arb<T | undefined> {
  return fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
}
const rarely = seldom(fc.constant(true)).map((given) => given === true);

const anyPruneJob: Arb<PruneJob> = fc.record({
  status: fc.option(status, { nil: undefined }),
  suspend: rarely,
  planOnly: rarely,
  deleted: seldom(time),
  finalizers: fc.oneof({ weight: 4, arbitrary: fc.constant(['stun-operator.io/finalizer']) }, fc.constantFrom(undefined, [], ['example.org/theirs'])),
  specs: fc.constantFrom(spec(), asks, withoutServing(), spec({ serving: serving({ strategy: 'Recreate' }) }), spec({ serving: emits }), spec({ serving: { ...emits, ref: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'tiny-moe' } } }), spec({ runner: { ...spec().runner, scratch: { size: '2Ti', storageClassName: 'fast' } } }), spec({ quality: { perplexity: { uri: 's3://data/x', samples: 1, maxIncrease: 0.1 } } })),
}).map(({ status: given, suspend, planOnly, deleted, finalizers, specs }) => {
  const base = pruneJob(compact({ status: given, deleted }));
  return { ...base, metadata: compact({ ...base.metadata, finalizers }), spec: { ...specs, suspend, ...(planOnly && specs.serving !== undefined ? { planOnly } : {}) } };
});

/** A service is asked for exactly where the spec names one, as observe answers it. */
export const observations: Arb<Observed> = fc.record({
  pruneJob: anyPruneJob,
  childJobs: fc.uniqueArray(childJob, { selector: ({ stage, attempt }) => `${stage} ${attempt}`, maxLength: 3 }),
  service: anyService,
  serviceAccount: fc.oneof({ weight: 6, arbitrary: fc.constant({ name: 'pruner', secretNames: ['s3'] }) }, fc.constant('Missing' as const)),
  nodes: fc.constantFrom([], observed().nodes, [{ name: 'gpu-1', allocatableGPUs: 0, ready: false, schedulable: false }]),
  workload: fc.option(anyWorkload, { nil: undefined }),
  sameRun: seldom(fc.constant({ namespace: 'ml', name: 'older' })),
  sameService: seldom(fc.record({ namespace: fc.constant('ml'), name: fc.constant('other'), first: fc.boolean() })),
  scratch: fc.option(fc.record({ name: fc.constant('tiny-scratch'), deletionTimestamp: time }, { requiredKeys: ['name'] }).map((metadata) => ({ metadata })), { nil: undefined }),
  progress: fc.option(fc.record({ runKey: fc.constantFrom(null, runKey), stage: fc.constantFrom(null, 'Experts'), layer: fc.constantFrom(null, 1), layers: fc.constantFrom(null, 4), percent: fc.constantFrom(null, 37.5), estimatedRemainingSeconds: fc.constantFrom(null, 12), updatedAt: fc.constant(null) }), { nil: undefined }),
}).map(({ service: state, ...given }) => {
  const asked: ServiceState = given.pruneJob.spec.serving === undefined ? 'NotAsked' : state === 'NotAsked' ? 'Missing' : state;
  return { ...observed(), ...compact(given), service: asked };
});
