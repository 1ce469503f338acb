/** The parts of a Deployment that the adapter reads, and where it finds the server and its model in them. */
import { annotations } from '../../api/names.ts';
import type { Container, Deployment, KubeObject } from '../kube.ts';
import type { ServiceType } from './adapter.ts';
import { gpuLimitOf } from './resources.ts';
import { modelArgument } from './vllm-command.ts';

export const deploymentType: ServiceType = { group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment', namespaced: true };

interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly { readonly key: string; readonly operator: string; readonly values?: readonly string[] }[];
}

export type VLLMDeployment = KubeObject & Deployment & {
  readonly spec?: Deployment['spec'] & {
    readonly selector?: LabelSelector;
    readonly paused?: boolean;
    readonly strategy?: Readonly<Record<string, unknown>>;
    readonly progressDeadlineSeconds?: number;
  };
};

export function serverContainers({ spec }: VLLMDeployment): readonly Container[] {
  return (spec?.template?.spec?.containers ?? []).filter((container) => gpuLimitOf(container) > 0);
}

/** From the annotation, where there is one: then the argument is only the path to which another container fetches the model. */
export function modelOf(deployment: VLLMDeployment, server: Container | undefined): { readonly model: 'Argument' | 'Annotation'; readonly modelUri: string } {
  const annotated = deployment.spec?.template?.metadata?.annotations?.[annotations.modelUri];
  return annotated === undefined ? { model: 'Argument', modelUri: modelArgument(server ?? {}) ?? '' } : { model: 'Annotation', modelUri: annotated };
}

export function readsModelUri({ spec }: VLLMDeployment): boolean {
  const { containers = [], initContainers = [] } = spec?.template?.spec ?? {};
  const path = `metadata.annotations['${annotations.modelUri}']`;
  return [...initContainers, ...containers].some(({ env = [] }) => env.some(({ valueFrom }) => valueFrom?.fieldRef?.fieldPath === path));
}

/** As the API reads it in a query. */
export function podSelector(service: KubeObject): string {
  const { matchLabels = {}, matchExpressions = [] } = (service as VLLMDeployment).spec?.selector ?? {};
  const equal = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`);
  return [...equal, ...matchExpressions.map(({ key, operator, values = [] }) => requirement(key, operator, values))].join(',');
}

function requirement(key: string, operator: string, values: readonly string[]): string {
  if (operator === 'Exists') return key;
  return operator === 'DoesNotExist' ? `!${key}` : `${key} ${operator.toLowerCase()} (${values.join(',')})`;
}
