/** Which InferenceServices this operator does not move, each with what to change. */
import type { Deployment } from '../kube.ts';
import type { Refusal } from './adapter.ts';
import { readArguments } from './arguments.ts';
import { serverArguments } from './kserve-running.ts';
import type { InferenceService, Predictor } from './kserve-types.ts';
import { gpu } from './resources.ts';

const standardModes = ['Standard', 'RawDeployment'];

export function refusalOf(service: InferenceService, deployment: Deployment | undefined): Refusal | undefined {
  const problem = modeProblem(service) ?? shapeProblem(service.spec?.predictor ?? {}) ?? modelProblem(service, deployment);
  if (problem === undefined) return undefined;
  return { reason: 'UnsupportedService', message: `InferenceService ${service.metadata.name} ${problem}` };
}

function modeProblem({ metadata, spec, status }: InferenceService): string | undefined {
  const { 'serving.kserve.io/deploymentMode': declared, 'serving.kserve.io/stop': stop } = metadata.annotations ?? {};
  const mode = declared ?? status?.deploymentMode;
  if (mode !== undefined && !standardModes.includes(mode)) {
    return `runs in deployment mode ${mode}, and only Standard is supported. Recreate it with the annotation serving.kserve.io/deploymentMode: Standard.`;
  }
  if (stop === 'true') return 'is stopped by its annotation serving.kserve.io/stop. Remove the annotation.';
  if ((spec?.canary ?? []).length > 0) return 'has a canary of its own under way (spec.canary). Finish or remove it first.';
  return undefined;
}

function shapeProblem({ workerSpec, containers, model }: Predictor): string | undefined {
  if (workerSpec !== undefined) return 'spreads one replica over several nodes (spec.predictor.workerSpec), which is not supported. Serve it from one node.';
  if (model !== undefined) return undefined;
  if ((containers ?? []).length > 0) return 'serves from a container of its own (spec.predictor.containers), so its model path is unknown. Use spec.predictor.model with a storageUri.';
  return 'has no spec.predictor.model. Use spec.predictor.model with a storageUri.';
}

function modelProblem({ spec }: InferenceService, deployment: Deployment | undefined): string | undefined {
  const { storageUri, storage, args = [], resources = {} } = spec?.predictor?.model ?? {};
  if (storageUri === undefined || storage !== undefined) return 'does not name its model by spec.predictor.model.storageUri. Use storageUri.';
  if (!(Number(resources.limits?.[gpu]) >= 1)) return `has no ${gpu} limit in spec.predictor.model.resources, so there is no GPU to save. Set the limit there, not in the ServingRuntime.`;
  return argumentProblem(args, serverArguments(deployment));
}

function argumentProblem(own: readonly string[], rendered: readonly string[]): string | undefined {
  if (readArguments(rendered).tensorParallel === undefined || readArguments(own).tensorParallel !== undefined) return undefined;
  return 'gets its tensor-parallel size from the ServingRuntime, which other services may share. Write --tensor-parallel-size into spec.predictor.model.args.';
}
