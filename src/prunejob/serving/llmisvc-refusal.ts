/** Which LLMInferenceServices this operator does not move, each with what to change. */
import { wordsOf } from './vllm-command.ts';
import type { Refusal } from './adapter.ts';
import { readArguments } from './arguments.ts';
import { mainContainer, type LLMInferenceService } from './llmisvc-types.ts';
import { isManaged } from './managed-fields.ts';
import { gpu, gpuLimitOf } from './resources.ts';

const shown = /^(s3|hf|pvc):\/\//;
/** In v1alpha2 only: a write by v1alpha1 would drop them. */
const newerFields = [['spec', 'kvCacheOffloading'], ['spec', 'model', 'confidential']];

export function refusalOf(service: LLMInferenceService): Refusal | undefined {
  const problem = versionProblem(service) ?? stateProblem(service) ?? shapeProblem(service) ?? modelProblem(service) ?? sizeProblem(service);
  return problem === undefined ? undefined : { reason: 'UnsupportedService', message: `LLMInferenceService ${service.metadata.name} ${problem}` };
}

function versionProblem(service: LLMInferenceService): string | undefined {
  const lost = service.apiVersion.endsWith('/v1alpha1') ? newerFields.find((path) => isManaged(service, path)) : undefined;
  return lost && `has the field ${lost.join('.')}, which a write by version v1alpha1 would drop. Name it by apiVersion: serving.kserve.io/v1alpha2 in serving.ref.`;
}

function stateProblem({ metadata }: LLMInferenceService): string | undefined {
  if (metadata.annotations?.['serving.kserve.io/stop'] === 'true') return 'is stopped by its annotation serving.kserve.io/stop. Remove the annotation.';
  const cached = metadata.labels?.['internal.serving.kserve.io/localmodel'];
  return cached && `serves from LocalModelCache ${cached}, which stands for one model URI. Take the model out of the cache.`;
}

function shapeProblem({ spec: { worker, prefill, parallelism = {} } = {} }: LLMInferenceService): string | undefined {
  if (worker !== undefined) return 'spreads one replica over several nodes (spec.worker), which is not supported. Serve it from one node.';
  if (prefill !== undefined) return 'prefills and decodes in two workloads (spec.prefill), which is not supported. Serve it from one workload.';
  const { pipeline = 1, data = 1 } = parallelism;
  return pipeline > 1 || data > 1 ? 'serves one replica with pipeline or data parallelism (spec.parallelism), which is not supported. Serve it by spec.parallelism.tensor alone.' : undefined;
}

function modelProblem({ spec: { model, storageInitializer } = {} }: LLMInferenceService): string | undefined {
  if (storageInitializer?.enabled === false) return 'does not let KServe fetch its model (spec.storageInitializer.enabled: false). Remove that field.';
  if (shown.test(model?.uri ?? '')) return undefined;
  return `has the model URI "${model?.uri ?? ''}", and only what KServe fetches or mounts before the server starts can be verified. Use an s3:// or pvc:// URI.`;
}

function sizeProblem({ spec: { template, parallelism } = {} }: LLMInferenceService): string | undefined {
  const main = mainContainer(template);
  const gpus = gpuLimitOf(main);
  if (gpus < 1) return `has no ${gpu} limit in the container main of spec.template, so there is no GPU to save. Set the limit there, not in a base configuration or by resource claims.`;
  if (readArguments(wordsOf(main ?? {})).tensorParallel !== undefined) return 'states its tensor-parallel size in the arguments of its container. Use spec.parallelism.tensor alone.';
  return gpus > 1 && parallelism?.tensor === undefined ? `asks for ${gpus} GPUs and has no spec.parallelism.tensor. Set it to ${gpus}.` : undefined;
}
