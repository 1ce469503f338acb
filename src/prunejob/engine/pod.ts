/** The pod of an engine Job: what runs, where, and with which rights. Every one meets Pod Security "restricted". */
import { scratchName, type Stage } from '../../api/names.ts';
import type { PruneJob, RunnerSpec } from '../../api/v1alpha1/prunejob.ts';
import { engineContainer } from './messages.ts';
import type { Endpoints, EngineConfig } from '../observed.ts';
import { recipe } from './recipe.ts';
import { hasClaim } from './scratch.ts';
import { signingKeys } from './signing-keys.ts';
import { claimVolumes, outputPath, sourcePath } from './storage-paths.ts';

export interface EngineJobOptions {
  readonly pruneJob: PruneJob;
  readonly stage: Stage;
  readonly attempt: number;
  readonly engine: EngineConfig;
  readonly serviceAccount: { readonly name: string; readonly secretNames: readonly string[] };
  /** Nodes whose GPUs failed this run before. */
  readonly avoidNodes?: readonly string[];
  /** What the stage `evaluate` asks. */
  readonly endpoints?: Endpoints;
}

type Fields = Readonly<Record<string, unknown>>;

const terminationLog = '/dev/termination-log';
const progressPort = 8080;
const scratch = '/scratch';
const user = 65532;

/** As GPU feature discovery labels them; `runner.gpuProducts` replaces the list. */
const h100Products = ['NVIDIA-H100-80GB-HBM3', 'NVIDIA-H100-PCIe', 'NVIDIA-H100-NVL'];

export function podSpec(options: EngineJobOptions): Fields {
  const { pruneJob, stage, serviceAccount, avoidNodes = [] } = options;
  const { runner } = pruneJob.spec;
  return {
    restartPolicy: 'Never',
    serviceAccountName: serviceAccount.name,
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 60,
    securityContext: { runAsNonRoot: true, runAsUser: user, runAsGroup: user, fsGroup: user, seccompProfile: { type: 'RuntimeDefault' } },
    ...(stage === 'prune' ? gpuPlacement(runner, avoidNodes) : {}),
    containers: [container(options)],
    volumes: [
      { name: 'tmp', emptyDir: temporary(runner, stage) },
      ...(keepsWork(runner, stage) ? [{ name: 'scratch', persistentVolumeClaim: { claimName: scratchName(pruneJob.metadata.name) } }] : []),
      ...claimVolumes(pruneJob.spec, stage).volumes,
      ...signingKeys(pruneJob.spec, stage).volumes,
    ],
  };
}

export function gpuProducts(runner: RunnerSpec): readonly string[] {
  return runner.gpuProducts ?? h100Products;
}

function gpuPlacement(runner: RunnerSpec, avoidNodes: readonly string[]): Fields {
  const product = { key: 'nvidia.com/gpu.product', operator: 'In', values: gpuProducts(runner) };
  const required = { nodeSelectorTerms: [{ matchExpressions: [product] }] };
  return {
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required, ...elsewhere(avoidNodes) } },
    tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }],
  };
}

/** Preferred, not required: the node may have sound GPUs too, and be the only one with any. A term takes one name. */
function elsewhere(avoidNodes: readonly string[]): Fields {
  if (avoidNodes.length === 0) return {};
  const preference = (name: string): Fields => ({ matchFields: [{ key: 'metadata.name', operator: 'NotIn', values: [name] }] });
  return { preferredDuringSchedulingIgnoredDuringExecution: avoidNodes.map((name) => ({ weight: 100, preference: preference(name) })) };
}

/** Only pruning has something to go on from. */
function keepsWork(runner: RunnerSpec, stage: Stage): boolean {
  return stage === 'prune' && hasClaim(runner);
}

/** Goes with its pod. */
function temporary(runner: RunnerSpec, stage: Stage): Fields {
  const { scratch: asked } = runner;
  return stage === 'prune' && asked !== undefined && !hasClaim(runner) ? { sizeLimit: asked.size } : {};
}

function container(options: EngineJobOptions): Fields {
  const { pruneJob, stage, engine, serviceAccount } = options;
  const { spec } = pruneJob;
  return {
    name: engineContainer,
    image: spec.runner.image ?? engine.image,
    ...(engine.imagePullPolicy === undefined ? {} : { imagePullPolicy: engine.imagePullPolicy }),
    args: engineArgs(options),
    env: environment(pruneJob, stage),
    envFrom: serviceAccount.secretNames.map((name) => ({ secretRef: { name } })),
    ...(stage === 'prune' ? { ports: [{ name: 'progress', containerPort: progressPort }] } : {}),
    resources: resources(spec.runner, stage),
    terminationMessagePath: terminationLog,
    terminationMessagePolicy: 'FallbackToLogsOnError',
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    volumeMounts: [
      { name: 'tmp', mountPath: '/tmp' },
      ...(keepsWork(spec.runner, stage) ? [{ name: 'scratch', mountPath: scratch }] : []),
      ...claimVolumes(spec, stage).mounts,
      ...signingKeys(spec, stage).mounts,
    ],
  };
}

function engineArgs({ pruneJob: { spec, status }, stage, endpoints }: EngineJobOptions): string[] {
  const model = ['--model', sourcePath(spec.model.uri)];
  const output = ['--output', outputPath(spec.output.uri)];
  const withRecipe = [...model, '--recipe', 'env:STUN_RECIPE', ...output, ...signingKeys(spec, stage).args];
  switch (stage) {
    case 'inspect':
      return ['inspect', ...withRecipe];
    case 'prune':
      return ['prune', ...withRecipe, ...(keepsWork(spec.runner, stage) ? ['--work', scratch] : []), '--device', spec.runner.device];
    case 'evaluate':
      return ['evaluate', ...asked(endpoints), '--recipe', 'env:STUN_RECIPE'];
    case 'clean':
      return ['clean', ...output, '--run', status?.runKey ?? '', ...model];
  }
}

function asked(endpoints: Endpoints | undefined): string[] {
  return endpoints === undefined ? [] : ['--endpoint', endpoints.canary, '--baseline-endpoint', endpoints.serving];
}

function environment({ spec, status }: PruneJob, stage: Stage): Fields[] {
  return [
    { name: 'STUN_RECIPE', value: recipe(spec, status?.plan?.ratio) },
    { name: 'STUN_TERMINATION_LOG', value: terminationLog },
    // The root file system is read-only, and libraries expect a home that they can write to.
    { name: 'HOME', value: '/tmp' },
    ...(stage === 'prune' ? [{ name: 'STUN_PROGRESS_PORT', value: `${progressPort}` }] : []),
  ];
}

/** The GPU is asked for also with device cpu: the run then still takes its turn on the node it was meant for. */
function resources({ gpus }: RunnerSpec, stage: Stage): Fields {
  if (stage !== 'prune') return { requests: { cpu: '100m', memory: '512Mi' } };
  const gpu = { 'nvidia.com/gpu': `${gpus}` };
  return { requests: { cpu: '1', memory: '4Gi', ...gpu }, limits: gpu };
}
