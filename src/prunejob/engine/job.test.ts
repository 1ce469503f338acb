import { describe, expect, it } from 'vitest';

import type { RunnerSpec } from '../../api/v1alpha1/prunejob.ts';
import { compact } from '../compact.ts';
import { engineJob } from './job.ts';
import type { EngineJobOptions } from './pod.ts';
import { pruneJob, runKey, spec } from '../testing/builders.ts';

interface Built {
  readonly metadata: { name: string; labels: Record<string, string>; ownerReferences: object[] };
  readonly spec: {
    readonly backoffLimit: number;
    readonly activeDeadlineSeconds: number;
    readonly ttlSecondsAfterFinished?: number;
    readonly suspend?: boolean;
    readonly podReplacementPolicy: string;
    readonly podFailurePolicy: { rules: { action: string; onExitCodes?: { values: number[] } }[] };
    readonly template: {
      readonly metadata: { labels: Record<string, string> };
      readonly spec: {
        readonly [field: string]: unknown;
        readonly containers: { name: string; image: string; args: string[]; env: { name: string; value: string }[]; envFrom: unknown; resources: unknown; volumeMounts: unknown; securityContext: unknown }[];
        readonly volumes: unknown;
      };
    };
  };
}

function build(overrides: Partial<EngineJobOptions> = {}): Built {
  const options = { pruneJob: pruneJob(), stage: 'prune', attempt: 1, engine: { image: 'stun-engine:0.1.0', serviceAccountName: 'default' }, serviceAccount: { name: 'pruner', secretNames: ['s3'] } } as const;
  return engineJob({ ...options, ...overrides }) as unknown as Built;
}

const withRunner = (runner: Partial<RunnerSpec>) => pruneJob({ spec: { runner: { ...spec().runner, ...runner } } });
const engine = (built: Built) => built.spec.template.spec.containers[0]!;
const recipe = (built: Built) => JSON.parse(engine(built).env.find(({ name }) => name === 'STUN_RECIPE')?.value ?? '') as { pruning: { experts: { ratio?: number }; weights: unknown }; calibration: { uri: string } };

describe('every engine Job', () => {
  it.each(['inspect', 'prune', 'evaluate', 'clean'] as const)('%s meets Pod Security "restricted" and has no API token', (stage) => {
    const pod = build({ stage }).spec.template.spec;
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      restartPolicy: 'Never',
      serviceAccountName: 'pruner',
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
    });
    expect(pod.containers[0]?.securityContext).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
    expect(pod.containers[0]?.volumeMounts).toContainEqual({ name: 'tmp', mountPath: '/tmp' });
  });

  it('is named, labelled and owned', () => {
    const built = build({ attempt: 3 });
    expect(built.metadata.name).toBe('tiny-prune-3');
    expect(built.metadata.labels).toMatchObject({ 'stun-operator.io/stage': 'prune', 'stun-operator.io/attempt': '3' });
    expect(built.spec.template.metadata.labels).toEqual(built.metadata.labels);
    expect(built.metadata.ownerReferences).toEqual([{ apiVersion: 'stun-operator.io/v1alpha1', kind: 'PruneJob', name: 'tiny', uid: 'uid-1', controller: true }]);
  });

  it('lets a preemption cost no try, fails at once on what a retry cannot mend, and never runs two pods', () => {
    const { spec: job } = build();
    expect(job.podFailurePolicy.rules.map(({ action }) => action)).toEqual(['Ignore', 'FailJob']);
    expect(job.podFailurePolicy.rules[1]?.onExitCodes?.values).toEqual([2, 4, 5, 6]);
    expect(job).toMatchObject({ podReplacementPolicy: 'Failed', backoffLimit: 3, activeDeadlineSeconds: 21_600 });
  });

  it('has no time to live until its result is read', () => {
    expect(build({ pruneJob: pruneJob({ spec: { ttlSecondsAfterFinished: 0 } }) }).spec.ttlSecondsAfterFinished).toBeUndefined();
  });

  it('gets the storage credentials from the ServiceAccount\'s Secrets', () => {
    expect(engine(build()).envFrom).toEqual([{ secretRef: { name: 's3' } }]);
  });
});

describe('a Job with a queue', () => {
  const queueLabels = (built: Built) => Object.fromEntries(Object.entries(built.metadata.labels).filter(([label]) => label.startsWith('kueue.x-k8s.io/')));

  it('is suspended from the beginning, and names its queue', () => {
    const built = build({ pruneJob: withRunner({ queueName: 'gpu' }) });
    expect(built.spec.suspend).toBe(true);
    expect(queueLabels(built)).toEqual({ 'kueue.x-k8s.io/queue-name': 'gpu' });
    expect(built.spec.template.metadata.labels).not.toHaveProperty('kueue.x-k8s.io/queue-name');
  });

  it.each([
    { name: 'the overlay', labels: { 'kueue.x-k8s.io/priority-class': 'low', 'kueue.x-k8s.io/queue-name': 'other', team: 'moe' } },
    { name: 'the installation', labels: { 'kueue.x-k8s.io/priority-class': 'low' } },
  ])('has the labels of Kueue that $name gives its pods', ({ name, labels }) => {
    const podTemplate = { metadata: { labels } };
    const [runner, engine] = name === 'the overlay' ? [{ podTemplate }, {}] : [{}, { podTemplate }];
    const built = build({ pruneJob: withRunner({ queueName: 'gpu', ...runner }), engine: { image: 'e', serviceAccountName: 'default', ...engine } });
    expect(queueLabels(built)).toEqual({ 'kueue.x-k8s.io/priority-class': 'low', 'kueue.x-k8s.io/queue-name': 'gpu' });
  });

  it('takes an overlay without metadata', () => {
    expect(queueLabels(build({ pruneJob: withRunner({ queueName: 'gpu', podTemplate: { metadata: null } }) }))).toEqual({ 'kueue.x-k8s.io/queue-name': 'gpu' });
  });

  it.each(['inspect', 'evaluate', 'clean'] as const)('%s holds no GPU and has none', (stage) => {
    const built = build({ stage, pruneJob: withRunner({ queueName: 'gpu' }) });
    expect(queueLabels(built)).toEqual({});
    expect(built.spec).not.toHaveProperty('suspend');
  });

  it('without a queue nothing of it is there', () => {
    expect(queueLabels(build())).toEqual({});
    expect(build().spec).not.toHaveProperty('suspend');
  });
});

describe('the stages', () => {
  it.each([
    { stage: 'inspect', args: ['inspect', '--model', 's3://models/tiny-moe/', '--recipe', 'env:STUN_RECIPE', '--output', 's3://models/pruned/'] },
    { stage: 'prune', args: ['prune', '--model', 's3://models/tiny-moe/', '--recipe', 'env:STUN_RECIPE', '--output', 's3://models/pruned/', '--device', 'cpu'] },
    { stage: 'clean', args: ['clean', '--output', 's3://models/pruned/', '--run', runKey, '--model', 's3://models/tiny-moe/'] },
    { stage: 'evaluate', args: ['evaluate', '--endpoint', 'http://10.0.0.2:80', '--baseline-endpoint', 'http://10.0.0.1:80', '--recipe', 'env:STUN_RECIPE'] },
  ] as const)('$stage', ({ stage, args }) => {
    const endpoints = { serving: 'http://10.0.0.1:80', canary: 'http://10.0.0.2:80' };
    expect(engine(build({ stage, endpoints, pruneJob: pruneJob({ status: { runKey } }) })).args).toEqual(args);
  });

  it('only pruning takes a GPU, on an H100', () => {
    const pruning = build().spec.template.spec;
    expect(JSON.stringify(pruning.affinity)).toContain('NVIDIA-H100-80GB-HBM3');
    expect(pruning.containers[0]?.resources).toMatchObject({ limits: { 'nvidia.com/gpu': '1' }, requests: { 'nvidia.com/gpu': '1' } });
    for (const stage of ['inspect', 'evaluate', 'clean'] as const) {
      const other = build({ stage }).spec.template.spec;
      expect(other.affinity).toBeUndefined();
      expect(JSON.stringify(other.containers[0]?.resources)).not.toContain('gpu');
    }
  });

  it('prefers other nodes than those whose GPUs failed the run, and never insists', () => {
    const { nodeAffinity } = build({ avoidNodes: ['gpu-0', 'gpu-1'] }).spec.template.spec.affinity as { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution?: unknown } };
    const not = (name: string) => ({ weight: 100, preference: { matchFields: [{ key: 'metadata.name', operator: 'NotIn', values: [name] }] } });
    expect(nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution).toEqual([not('gpu-0'), not('gpu-1')]);
    expect(JSON.stringify(build().spec.template.spec.affinity)).not.toContain('preferred');
  });

  it('takes the products that the runner names', () => {
    expect(JSON.stringify(build({ pruneJob: withRunner({ gpuProducts: ['NVIDIA-B200'] }) }).spec.template.spec.affinity)).toContain('"values":["NVIDIA-B200"]');
  });

  const onDisk = withRunner({ scratch: { size: '2Ti', storageClassName: 'fast' } });

  it.each([
    { what: 'no scratch', pruneJob: pruneJob(), tmp: {} },
    { what: 'a size alone', pruneJob: withRunner({ scratch: { size: '2Ti' } }), tmp: { sizeLimit: '2Ti' } },
  ])('the engine looks after its own checkpoint with $what', ({ pruneJob, tmp }) => {
    const built = build({ pruneJob });
    expect(built.spec.template.spec.volumes).toEqual([{ name: 'tmp', emptyDir: tmp }]);
    expect(engine(built).args).not.toContain('--work');
  });

  it.each([1, 2])('attempt %i works on the run\'s claim where a class is named', (attempt) => {
    const built = build({ pruneJob: onDisk, attempt });
    expect(built.spec.template.spec.volumes).toEqual([{ name: 'tmp', emptyDir: {} }, { name: 'scratch', persistentVolumeClaim: { claimName: 'tiny-scratch' } }]);
    expect(engine(built).volumeMounts).toContainEqual({ name: 'scratch', mountPath: '/scratch' });
    expect(engine(built).args.join(' ')).toContain('--work /scratch');
  });

  it.each(['inspect', 'evaluate', 'clean'] as const)('%s needs no claim', (stage) => {
    expect(build({ stage, pruneJob: onDisk }).spec.template.spec.volumes).toEqual([{ name: 'tmp', emptyDir: {} }]);
  });
});

describe('claims', () => {
  const onClaims = pruneJob({ spec: { model: { uri: 'pvc://models/dense/' }, output: { uri: 'pvc://models/pruned/' }, calibration: { uri: 'pvc://texts/c4.jsonl', samples: 1, sequenceLength: 8 } } });

  it('mount sources read-only and the output elsewhere', () => {
    const built = build({ pruneJob: onClaims });
    expect(built.spec.template.spec.volumes).toEqual(expect.arrayContaining([
      { name: 'claim-models', persistentVolumeClaim: { claimName: 'models', readOnly: false } },
      { name: 'claim-texts', persistentVolumeClaim: { claimName: 'texts', readOnly: true } },
    ]));
    expect(engine(built).volumeMounts).toEqual(expect.arrayContaining([
      { name: 'claim-models', mountPath: '/mnt/source/models', readOnly: true },
      { name: 'claim-models', mountPath: '/mnt/output/models' },
    ]));
    expect(engine(built).args).toEqual(expect.arrayContaining(['/mnt/source/models/dense/', '/mnt/output/models/pruned/']));
    expect(recipe(built).calibration.uri).toBe('/mnt/source/texts/c4.jsonl');
  });
});

describe('the recipe', () => {
  const quality = { perplexity: { uri: 'pvc://texts/held-out.jsonl', samples: 8, maxIncrease: 0.1 }, tasks: [{ name: 'boolq' as const, uri: 'pvc://tasks/boolq.jsonl', minRetained: 0.9 }] };

  it.each([
    { what: 'perplexity and tasks', asked: quality },
    { what: 'tasks alone', asked: { tasks: quality.tasks } },
  ])('has a gate of $what, with the data where the engine sees it', ({ asked }) => {
    const built = build({ pruneJob: pruneJob({ spec: { quality: asked } }) });
    expect(recipe(built)).toMatchObject({ quality: JSON.parse(JSON.stringify(asked).replaceAll('pvc://', '/mnt/source/')) as object });
    expect(engine(built).volumeMounts).toContainEqual({ name: 'claim-tasks', mountPath: '/mnt/source/tasks', readOnly: true });
  });

  const served = pruneJob({ spec: { model: { uri: 'pvc://models/dense/' }, output: { uri: 'pvc://models/pruned/' }, quality: { endpoint: { tasks: [{ name: 'boolq', uri: 'pvc://tasks/boolq.jsonl', minRetained: 0.9 }] } } } });

  it.each(['inspect', 'prune', 'evaluate'] as const)('names what is asked of the served models to %s: a name that is unknown costs no GPU', (stage) => {
    expect(recipe(build({ stage, pruneJob: served }))).toMatchObject({ quality: { endpoint: { tasks: [{ name: 'boolq', uri: '/mnt/source/tasks/boolq.jsonl', minRetained: 0.9 }] } } });
  });

  it.each([
    { stage: 'prune', claims: ['models'] },
    { stage: 'evaluate', claims: ['tasks'] },
  ] as const)('lets $stage hold the claims $claims, and no other', ({ stage, claims }) => {
    const volumes = build({ stage, pruneJob: served }).spec.template.spec.volumes as { persistentVolumeClaim?: { claimName: string } }[];
    expect(volumes.flatMap(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? [])).toEqual(claims);
  });

  const plan = { gpus: '4→2', gpusBefore: 4, gpusAfter: 2, gpusPeak: 6, bytesBefore: 2, bytesAfter: 1, tensorParallel: 2, ratio: 0.5, reason: '' };
  const open = compact({ ...spec().pruning.experts, ratio: undefined });
  const pruning = compact({ ...spec().pruning, targetSparsity: undefined, weights: undefined });

  it('keeps the ratio that was asked for', () => {
    expect(recipe(build({ pruneJob: pruneJob({ status: { plan } }) })).pruning.experts.ratio).toBe(0.25);
  });

  it.each([
    { what: 'as it is', split: 'Manual' },
    { what: 'as the least that the GPUs need, where the engine chooses', split: 'Auto' },
  ] as const)('takes the planned one where none was, $what', ({ split }) => {
    const job = pruneJob({ spec: { pruning: { ...pruning, split, targetGPUs: 2, experts: open } }, status: { plan } });
    expect(recipe(build({ pruneJob: job })).pruning).toMatchObject({ split, experts: { ratio: 0.5 } });
  });

  it('zeroes nothing unless a sparsity is asked for', () => {
    expect(recipe(build({ pruneJob: pruneJob({ spec: { pruning } }) })).pruning.weights).toEqual({ method: 'None' });
    expect(recipe(build({ pruneJob: pruneJob({ spec: { pruning: { ...pruning, targetSparsity: 0.4 } } }) })).pruning.weights).toEqual({ method: 'OWL' });
    expect(recipe(build()).pruning.weights).toEqual({ method: 'Wanda' });
  });
});

describe('overlays', () => {
  it('come from the installation first, then from the PruneJob', () => {
    const installed = { spec: { priorityClassName: 'low', nodeSelector: { pool: 'gpu' } } };
    const asked = withRunner({ podTemplate: { spec: { priorityClassName: 'high' } } });
    const pod = build({ pruneJob: asked, engine: { image: 'i', serviceAccountName: 'default', podTemplate: installed } }).spec.template.spec;
    expect(pod).toMatchObject({ priorityClassName: 'high', nodeSelector: { pool: 'gpu' } });
  });

  it('hand the engine variables of the user\'s, beside ours', () => {
    const asked = withRunner({ podTemplate: { spec: { containers: [{ name: 'engine', env: [{ name: 'STUN_CHECKPOINT_EVERY', value: '1' }] }] } } });
    expect(engine(build({ pruneJob: asked })).env.map(({ name }) => name)).toEqual(['STUN_RECIPE', 'STUN_TERMINATION_LOG', 'HOME', 'STUN_PROGRESS_PORT', 'STUN_CHECKPOINT_EVERY']);
  });

  it('leave the runner\'s image in charge', () => {
    expect(engine(build({ pruneJob: withRunner({ image: 'mine:1' }) })).image).toBe('mine:1');
  });
});
