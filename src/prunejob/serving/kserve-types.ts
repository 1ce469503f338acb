/** The parts of an InferenceService that the adapter reads. */
import type { KubeCondition, KubeObject, Quantities } from '../kube.ts';
import type { ServiceType } from './adapter.ts';

export const inferenceServiceType: ServiceType = { group: 'serving.kserve.io', version: 'v1beta1', plural: 'inferenceservices', kind: 'InferenceService', namespaced: true };

/** KServe puts it on everything it renders. */
export const serviceLabel = 'serving.kserve.io/inferenceservice';

export interface Predictor {
  readonly name?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly minReplicas?: number;
  readonly maxReplicas?: number;
  readonly deploymentStrategy?: Readonly<Record<string, unknown>>;
  readonly workerSpec?: object;
  readonly containers?: readonly object[];
  readonly model?: {
    readonly modelFormat?: object;
    readonly storageUri?: string;
    readonly storage?: object;
    readonly args?: readonly string[];
    readonly resources?: { readonly limits?: Quantities; readonly requests?: Quantities };
  };
}

export interface CanaryEntry {
  readonly trafficPercent?: number;
  readonly predictor?: Predictor;
}

export interface InferenceService extends KubeObject {
  readonly spec?: { readonly predictor?: Predictor; readonly canary?: readonly CanaryEntry[] };
  readonly status?: {
    readonly deploymentMode?: string;
    readonly conditions?: readonly KubeCondition[];
    readonly modelStatus?: {
      readonly transitionStatus?: string;
      readonly lastFailureInfo?: { readonly reason?: string; readonly message?: string };
    };
  };
}
