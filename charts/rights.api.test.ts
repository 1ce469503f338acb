/**
 * The chart's rights are as small as they can be: a real API server with RBAC records what the operator asks in every kind of run, each
 * right is needed by one of these requests, and without it that request is refused.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { commandsUnder } from '../e2e/lib/doc-commands.ts';
import { samples, type Sample } from '../src/prunejob/serving/testing/samples.ts';
import type { KubeObject } from '../src/runtime/types.ts';
import { ofKind, renderChart, withoutHelm } from '../scripts/chart.ts';
import { account, apply, startAudited, type AuditedServer, type Call } from './testing/audited-operator.ts';
import { createPlayer, namespace, outputOf } from './testing/player.ts';

type Fields = Readonly<Record<string, unknown>>;

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}
interface Role extends KubeObject {
  readonly rules: readonly Rule[];
}
/** One verb on one resource, and where it stands. */
interface Right {
  readonly call: Call;
  readonly role: Role;
  readonly rule: number;
}

const roles = [...ofKind(renderChart(), 'ClusterRole'), ...ofKind(renderChart(), 'Role')].map(withoutHelm).filter(({ metadata }) => !metadata.name.includes('prunejob-')) as Role[];
const rights = roles.flatMap(rightsOf);

let audited: AuditedServer;
let recorded: Set<Call>;

beforeAll(async () => {
  audited = await startAudited();
  await apply(audited.server, [node, runner, ...services(), ...strangers]);
  // The API server gives every new node a taint, which the node's controller takes away; it does not run here, and a tainted node's GPUs do not count.
  await audited.server.kubectl('taint', 'node', node.metadata.name, 'node.kubernetes.io/not-ready-');
  const operator = await audited.startOperator();
  await apply(audited.server, pruneJobs());
  recorded = await recordCalls();
  expect((await operator.stop()).output).not.toContain('forbidden');
}, 120_000);
afterAll(() => audited.stop());

it('every request of the operator is one of the chart\'s rights, and every right is asked for', () => {
  expect([...recorded].sort()).toEqual([...new Set(rights.map(({ call }) => call))].sort());
});

describe.each(rights.map((right) => ({ ...right, of: right.role.metadata.name })))('without $call of $of', (right) => {
  it('that request is refused', async () => {
    expect(await mayDo(right.call)).toBe(true);
    try {
      await setRules(right.role, without(right));
      await vi.waitFor(async () => { expect(await mayDo(right.call)).toBe(false); }, { timeout: 10_000, interval: 20 });
    } finally {
      await setRules(right.role, right.role.rules);
      await vi.waitFor(async () => { expect(await mayDo(right.call)).toBe(true); }, { timeout: 10_000, interval: 20 });
    }
  });
});

it('the command of the runbook about the lease says yes', async () => {
  const line = commandsUnder('docs/runbooks/PruneOperatorNoLeader.md', 'Find the reason').split('\n').find((one) => one.includes('auth can-i')) ?? '';
  expect(await audited.server.kubectl(...line.split(' ').slice(1))).toBe('yes\n');
});

describe('what the operator may never do', () => {
  it.each([
    'get secrets', 'list secrets', 'create pods', 'create pods/exec', 'get pods/log', 'delete deployments', 'delete serving.kserve.io/inferenceservices', 'create serving.kserve.io/inferenceservices',
    'delete stun-operator.io/prunejobs', 'get configmaps', 'list configmaps', 'list serviceaccounts', 'create serviceaccounts/token', 'impersonate users', 'patch nodes',
    'create rbac.authorization.k8s.io/clusterroles', 'bind rbac.authorization.k8s.io/clusterroles', 'escalate rbac.authorization.k8s.io/roles',
  ])('%s', async (call) => {
    expect(await mayDo(call)).toBe(false);
  });
});

async function recordCalls(): Promise<Set<Call>> {
  const player = createPlayer(audited.server, ['stopped-prune-1', 'stopped-prune-2', 'stopped-prune-3', 'queued-prune-1']);
  const patch = (path: string, change: object) => audited.server.call('PATCH', `/apis/stun-operator.io/v1alpha1/namespaces/${namespace}/prunejobs/${path}`, change);
  // A canary takes its controller, which does not run here: this run begins where there is one.
  await patch('asking/status', { status: { serving: { rollout: { canaryReadyAt: new Date().toISOString() } } } });
  const wanted = rights.map(({ call }) => call);
  let round = 0;
  let seen = new Set<Call>();
  await vi.waitFor(async () => {
    await player.play();
    // Suspended again and again, it says so more than once, which makes a series of one event.
    if (round++ % 10 === 0) await patch('stopped', { spec: { suspend: round % 20 === 1 } });
    seen = await audited.calls();
    expect(wanted.filter((call) => !seen.has(call))).toEqual([]);
  }, { timeout: 60_000, interval: 100 }).catch(() => undefined);
  return seen;
}

async function mayDo(call: Call): Promise<boolean> {
  const [verb = '', place = ''] = call.split(' ');
  const parts = place.split('/');
  const group = parts[0]?.includes('.') === true || ['batch', 'apps'].includes(parts[0] ?? '') ? parts.shift() : '';
  const [resource, subresource] = parts;
  const where = { group, resource, subresource, verb, ...(resource === 'leases' ? { namespace: 'stun-operator', name: 'stun-operator' } : { namespace }) };
  const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec: { user: account, groups: ['system:serviceaccounts', 'system:authenticated'], resourceAttributes: where } };
  const { body } = await audited.server.call('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', review);
  return (body as { status: { allowed: boolean } }).status.allowed;
}

function rightsOf(role: Role): Right[] {
  return role.rules.flatMap(({ apiGroups, resources, verbs }, rule) =>
    apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => ({ call: `${verb} ${group === '' ? '' : `${group}/`}${resource}`, role, rule })))));
}

/** The chart's rules name one resource each, so that one verb less is one right less. */
function without({ call, role, rule }: Right): readonly Rule[] {
  const [verb] = call.split(' ');
  return role.rules.map((one, index) => (index === rule ? { ...one, verbs: one.verbs.filter((other) => other !== verb) } : one)).filter(({ verbs }) => verbs.length > 0);
}

async function setRules({ kind, metadata }: Role, rules: readonly Rule[]): Promise<void> {
  const folder = kind === 'Role' ? `namespaces/${metadata.namespace ?? ''}/roles` : 'clusterroles';
  const { code } = await audited.server.call('PATCH', `/apis/rbac.authorization.k8s.io/v1/${folder}/${metadata.name}`, { rules });
  expect(code).toBe(200);
}

const gpu = { 'nvidia.com/gpu': '64' };
const node = {
  apiVersion: 'v1', kind: 'Node', metadata: { name: 'gpu-0', labels: { 'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3', 'nvidia.com/gpu.memory': '5' } },
  status: { capacity: gpu, allocatable: gpu, conditions: [{ type: 'Ready', status: 'True' }] },
};
const runner = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace, labels: { 'stun-operator.io/runner': 'true' } } };
const podTemplate = { metadata: { labels: { app: 'x' } }, spec: { restartPolicy: 'Never', containers: [{ name: 'x', image: 'x' }] } };

/** Where a child of the PruneJob `taken` should go there is somebody else's already. */
const strangers = [
  { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'taken-prune-1', namespace }, spec: { template: podTemplate } },
  { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'occupied-scratch', namespace }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'emitted-patch', namespace } },
];

/** Two PruneJobs of one service would wait for each other. */
function services(): object[] {
  const all = Object.values(samples).map(({ service }) => service);
  const others = all.filter(({ kind }) => kind === 'InferenceService').flatMap((service) => ['asked', 'patched'].map((name) => ({ ...service, metadata: { ...service.metadata, name } })));
  return [...all, ...others].map(liveOf);
}

function liveOf({ apiVersion, kind, metadata: { name, annotations = {} }, spec }: Sample['service']): object {
  return { apiVersion, kind, metadata: { name, namespace, annotations }, spec: kind === 'Deployment' ? withImages(spec as PodSpecs) : spec };
}

interface PodSpecs {
  readonly template: { readonly metadata: object; readonly spec: { readonly containers: readonly object[] } };
}

/** The samples leave out what no adapter reads. */
function withImages(spec: PodSpecs): object {
  const containers = spec.template.spec.containers.map((container) => ({ image: 'x', ...container }));
  return { ...spec, template: { ...spec.template, spec: { containers } } };
}

const scratch = { runner: { scratch: { size: '1Gi', storageClassName: 'fast' } } };

function pruneJobs(): object[] {
  return [
    pruneJob('plain', scratch),
    pruneJob('stopped'),
    pruneJob('queued', { runner: { queueName: 'gpu' } }),
    pruneJob('taken'),
    pruneJob('occupied', scratch),
    ...Object.values(samples).map(({ service: { apiVersion, kind } }) => pruneJob(kind.toLowerCase(), { serving: servingOf(apiVersion, kind) })),
    pruneJob('asking', { quality: { endpoint: { tasks: [{ name: 'arc_easy', uri: 's3://data/arc.jsonl', minRetained: 0.9 }] } }, serving: { ...servingOf('serving.kserve.io/v1beta1', 'InferenceService', 'asked'), strategy: 'Canary' } }),
    pruneJob('emitted', { serving: { ...servingOf('serving.kserve.io/v1beta1', 'InferenceService', 'patched'), mode: 'Emit' } }),
  ];
}

/** Nothing runs here: a pod that could be asked for a completion is waited for in vain. */
function servingOf(apiVersion: string, kind: string, name = 'moe'): Fields {
  const sizing = { utilization: 0.9, overheadPerGPU: '0', maxModelLen: 512, maxConcurrency: 1 };
  return { ref: { apiVersion, kind, name }, strategy: 'Surge', sizing, waitFor: '1s' };
}

function pruneJob(name: string, fields: Fields = {}): object {
  const spec = { model: { uri: 's3://models/tiny-moe/' }, pruning: { experts: { ratio: 0.25 } }, calibration: { uri: 's3://data/c.jsonl', samples: 8, sequenceLength: 128 }, output: { uri: outputOf(name) }, ...fields };
  return { apiVersion: 'stun-operator.io/v1alpha1', kind: 'PruneJob', metadata: { name, namespace }, spec };
}
