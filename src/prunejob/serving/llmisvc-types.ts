/** The parts of KServe's LLMInferenceService that the adapter reads, and how what KServe renders for it is found. */
import type { Container, Deployment, KubeCondition, KubeObject } from '../kube.ts';
import type { ServiceType } from './adapter.ts';

/** v1alpha2 is the version that KServe 0.20 stores; v1alpha1 lacks some of its fields. */
export function llmServiceType(version: 'v1alpha1' | 'v1alpha2'): ServiceType {
  return { group: 'serving.kserve.io', version, plural: 'llminferenceservices', kind: 'LLMInferenceService', namespaced: true };
}

export interface LLMInferenceService extends KubeObject {
  readonly spec?: {
    readonly model?: { readonly uri?: string };
    readonly replicas?: number;
    readonly parallelism?: { readonly tensor?: number; readonly pipeline?: number; readonly data?: number };
    readonly template?: { readonly containers?: readonly Container[] };
    readonly worker?: object;
    readonly prefill?: object;
    readonly storageInitializer?: { readonly enabled?: boolean };
  };
  readonly status?: { readonly conditions?: readonly KubeCondition[] };
}

/** Its Deployment's name may be cut short, so it goes by label and owner. */
export function workloadSelector({ metadata }: KubeObject): string {
  return `app.kubernetes.io/part-of=llminferenceservice,app.kubernetes.io/name=${metadata.name},app.kubernetes.io/component=llminferenceservice-workload`;
}

export function workloadOf(service: KubeObject, deployments: readonly Deployment[]): Deployment | undefined {
  return deployments.find(({ metadata }) => metadata.ownerReferences?.some(({ kind, name, controller }) => controller && kind === 'LLMInferenceService' && name === service.metadata.name));
}

/** KServe's templates, and its users, mean this one. */
export function mainContainer(template: { readonly containers?: readonly Container[] } | undefined): Container | undefined {
  return template?.containers?.find(({ name }) => name === 'main');
}
