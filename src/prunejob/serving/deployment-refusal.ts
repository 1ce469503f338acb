/** Which Deployments this operator does not move, each with what to change. */
import { annotations } from '../../api/names.ts';
import type { Container } from '../kube.ts';
import type { Refusal } from './adapter.ts';
import { readsModelUri, serverContainers, type VLLMDeployment } from './deployment-types.ts';
import { gpu, gpuLimitOf } from './resources.ts';
import { modelArgument, wordsOf } from './vllm-command.ts';
import { commandProblem } from './vllm-refusal.ts';

/** What is left to whoever cannot change the service. */
const byHand = 'To move it by hand, remove spec.serving; once the PruneJob is Complete, give the Deployment the model at status.result.uri, with the tensor-parallel size and the GPUs that kubectl-prune plan shows.';

export function refusalOf(deployment: VLLMDeployment): Refusal | undefined {
  const problem = shapeProblem(deployment) ?? containerProblem(deployment);
  if (problem === undefined) return undefined;
  return { reason: 'UnsupportedService', message: `Deployment ${deployment.metadata.name} ${problem} ${byHand}` };
}

function shapeProblem({ metadata, spec }: VLLMDeployment): string | undefined {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller);
  if (owner !== undefined) return `is made by ${owner.kind} ${owner.name}, which would undo every change. Name that one in serving.ref, if it is of a supported kind.`;
  if (spec?.paused === true) return 'is paused. Resume it: kubectl rollout resume.';
  return spec?.replicas === 0 ? 'is scaled to 0 replicas, so it holds no GPU. Scale it up.' : undefined;
}

function containerProblem(deployment: VLLMDeployment): string | undefined {
  const [server, second] = serverContainers(deployment);
  if (server === undefined) return `has no container with a ${gpu} limit, so there is no GPU to save. Set the limit on the server's container.`;
  if (second !== undefined) return `has several containers with a ${gpu} limit, ${server.name} and ${second.name}, and one of them alone is the server. Give the others none.`;
  return commandProblem(server, gpuLimitOf(server)) ?? modelProblem(deployment, server);
}

function modelProblem(deployment: VLLMDeployment, server: Container): string | undefined {
  const argument = modelArgument(server);
  const annotated = deployment.spec?.template?.metadata?.annotations?.[annotations.modelUri];
  if (annotated !== undefined) return annotationProblem(deployment, argument);
  if (argument === undefined || !isURI(argument)) return `${argument === undefined ? 'names no model by --model or where its arguments begin' : `serves ${argument}, which does not say where its bytes come from`}. Serve an s3:// URI, or put the URI into the pod template's annotation ${annotations.modelUri} for the container that fetches it; see docs/reference/serving.md.`;
  return servedName(server) ? undefined : `would be known to its clients as ${argument}, and by another name once it serves another URI. Add --served-model-name to its args.`;
}

function annotationProblem(deployment: VLLMDeployment, argument: string | undefined): string | undefined {
  if (argument !== undefined && isURI(argument)) return `names its model twice: by the argument ${argument} and by the annotation ${annotations.modelUri}. Remove the annotation.`;
  if (readsModelUri(deployment)) return undefined;
  return `has the annotation ${annotations.modelUri}, but no container reads it. Give the container that fetches the model an env variable with valueFrom.fieldRef.fieldPath metadata.annotations['${annotations.modelUri}'].`;
}

function isURI(model: string): boolean {
  return model.startsWith('s3://');
}

function servedName(server: Container): boolean {
  return wordsOf(server).some((word) => /^--served[-_]model[-_]name(=|$)/.test(word));
}
