/** The inference service of the tests: a KServe InferenceService in Standard mode, and what really runs behind it. */
import { readFile } from 'node:fs/promises';
import { load } from 'js-yaml';

import { apply, get, list, type Condition, type Resource } from './kubectl.ts';
import { waitFor } from './wait.ts';

export const gpuResource = 'nvidia.com/gpu';
const sourceAnnotation = 'internal.serving.kserve.io/storage-initializer-sourceuri';

interface Container {
  readonly name: string;
  readonly args?: readonly string[];
  readonly resources?: { readonly limits?: Record<string, string> };
}

type Deployment = Resource<
  { replicas: number; template: { metadata: { annotations?: Record<string, string> }; spec: { containers: Container[] } } },
  { replicas?: number; updatedReplicas?: number; availableReplicas?: number; observedGeneration?: number }
>;

export type Pod = Resource<
  { containers: Container[]; initContainers?: Container[] },
  { phase: string; podIP?: string; conditions?: Condition[] }
>;

export type InferenceService = Resource<
  { predictor: { serviceAccountName?: string | undefined; model: { runtime?: string | undefined; storageUri: string; args?: string[]; resources: { limits: Record<string, string>; requests?: Record<string, string> } } }; canary?: object[] },
  { conditions?: Condition[] }
>;

/** What the rendered Deployment and its pods say, whatever the service claims. */
export interface Running {
  readonly sourceUri: string | undefined;
  readonly gpus: number;
  readonly args: readonly string[];
  readonly settled: boolean;
  readonly pods: readonly Pod[];
}

export interface ServiceOptions {
  readonly uri: string;
  readonly gpus: number;
  /** The ServingRuntime and the ServiceAccount, where they are not the sample's. */
  readonly runtime?: string;
  readonly serviceAccountName?: string;
  /** As most services are: KServe makes an autoscaler where no annotation tells it not to. */
  readonly autoscaled?: true;
}

const autoscalerClass = 'serving.kserve.io/autoscalerClass';
const sampleFile = new URL('../../manifests/samples/inferenceservice.yaml', import.meta.url);

/** The sample's InferenceService under another name, model or GPU count. */
export async function inferenceService(name: string, { uri, gpus, autoscaled, ...others }: ServiceOptions): Promise<InferenceService> {
  const sample = load(await readFile(sampleFile, 'utf8')) as InferenceService;
  const limits = { [gpuResource]: String(gpus) };
  const { runtime, serviceAccountName } = { ...sample.spec.predictor.model, ...sample.spec.predictor, ...others };
  const model = {
    ...sample.spec.predictor.model,
    runtime,
    storageUri: uri,
    args: [`--tensor-parallel-size=${gpus}`],
    resources: { limits, requests: limits },
  };
  const predictor = { ...sample.spec.predictor, serviceAccountName, model };
  return { ...sample, metadata: { ...sample.metadata, name, annotations: annotationsOf(sample, autoscaled) }, spec: { predictor } };
}

function annotationsOf({ metadata: { annotations = {} } }: InferenceService, autoscaled: true | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(annotations).filter(([name]) => autoscaled !== true || name !== autoscalerClass));
}

export function isAutoscaled({ metadata: { annotations = {} } }: InferenceService): boolean {
  return !(autoscalerClass in annotations);
}

export async function running(name: string, namespace: string): Promise<Running | undefined> {
  const deployment = await get<Deployment>('deployment', `${name}-predictor`, namespace);
  if (deployment === undefined) return undefined;
  const pods = await list<Pod>('pods', namespace, `serving.kserve.io/inferenceservice=${name}`);
  const container = server(deployment.spec.template.spec.containers);
  return {
    sourceUri: deployment.spec.template.metadata.annotations?.[sourceAnnotation],
    gpus: limit(container),
    args: container?.args ?? [],
    settled: isSettled(deployment),
    pods,
  };
}

function isSettled({ spec, status }: Deployment): boolean {
  const counts = [status?.replicas, status?.updatedReplicas, status?.availableReplicas];
  return counts.every((count) => count === spec.replicas);
}

function limit(container: Container | undefined): number {
  return Number(container?.resources?.limits?.[gpuResource] ?? 0);
}

function server(containers: readonly Container[]): Container | undefined {
  return containers.find((container) => container.name === 'kserve-container');
}

export function podGPUs(pod: Pod): number {
  return limit(server(pod.spec.containers));
}

/** Applies the service and waits until pods of exactly this model and GPU count serve, and no others. */
export async function serve(name: string, namespace: string, options: ServiceOptions): Promise<void> {
  await apply(await inferenceService(name, options), namespace);
  await waitFor(`InferenceService ${name} to serve ${options.uri} on ${options.gpus} GPUs`, 300, () =>
    serves(name, namespace, options),
  );
}

/** Waits until the service has settled on this model, on however many GPUs it asked for, and gives what runs. */
export async function servedModel(name: string, namespace: string, uri: string): Promise<Running> {
  return waitFor(`InferenceService ${name} to serve ${uri}`, 300, async () => {
    const now = await running(name, namespace);
    return now?.settled === true && now.sourceUri === uri && now.pods.length === 1 ? now : undefined;
  });
}

export async function serves(name: string, namespace: string, { uri, gpus }: ServiceOptions): Promise<boolean> {
  const now = await running(name, namespace);
  if (now === undefined || !now.settled || now.pods.length !== 1) return false;
  return now.sourceUri === uri && now.gpus === gpus && now.pods.every((pod) => podGPUs(pod) === gpus);
}

export interface Question {
  readonly url: string;
  readonly body: string;
}

/** What a client of the OpenAI API sends, to the service's own ClusterIP. */
export async function completionRequest(name: string, namespace: string, { prompt, tokens }: { readonly prompt: string; readonly tokens: number }): Promise<Question> {
  const service = await get<Resource<{ clusterIP: string; ports: { port: number }[] }>>('service', `${name}-predictor`, namespace);
  if (service === undefined) throw new Error(`Service ${name}-predictor does not exist in namespace ${namespace}.`);
  const url = `http://${service.spec.clusterIP}:${service.spec.ports[0]?.port ?? 80}/v1/completions`;
  return { url, body: JSON.stringify({ model: '/mnt/models', prompt, max_tokens: tokens, temperature: 0 }) };
}

export async function complete(name: string, namespace: string, prompt: string): Promise<string> {
  const { url, body } = await completionRequest(name, namespace, { prompt, tokens: 24 });
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  const answer = (await response.json()) as { choices: { text: string }[] };
  return answer.choices[0]?.text ?? '';
}
