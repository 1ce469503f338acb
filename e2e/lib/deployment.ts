/** A plain Deployment that serves a model: its init container fetches what the pod template's annotation names. */
import { apply, get, kubectl, list, type Resource } from './kubectl.ts';
import { gpuResource, type Pod } from './service.ts';
import { waitFor } from './wait.ts';

const modelUri = 'stun-operator.io/model-uri';

export interface ServedBy {
  readonly uri: string;
  readonly gpus: number;
  /** Its server comes up with a model of fewer experts too, and then fails at every request. */
  readonly onlyDense?: boolean;
}

export type Deployment = Resource<
  {
    replicas: number;
    strategy: object;
    progressDeadlineSeconds: number;
    template: { metadata: { annotations?: Record<string, string> }; spec: { containers: { name: string; args: string[]; resources: object }[] } };
  },
  { replicas?: number; updatedReplicas?: number; availableReplicas?: number }
>;

const security = {
  runAsNonRoot: true, runAsUser: 65532, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] }, seccompProfile: { type: 'RuntimeDefault' },
};
const volumeMounts = [
  { name: 'python-env', mountPath: '/opt/python', readOnly: true },
  { name: 'tmp', mountPath: '/tmp' },
  { name: 'model', mountPath: '/mnt/models' },
];
const volumes = [
  { name: 'python-env', persistentVolumeClaim: { claimName: 'python-env', readOnly: true } },
  { name: 'tmp', emptyDir: {} },
  { name: 'model', emptyDir: {} },
];

const fetcher = {
  name: 'fetch', image: 'localhost/storage-initializer:dev', imagePullPolicy: 'IfNotPresent', args: ['$(MODEL_URI)', '/mnt/models'],
  env: [
    { name: 'MODEL_URI', valueFrom: { fieldRef: { fieldPath: `metadata.annotations['${modelUri}']` } } },
    { name: 'AWS_ENDPOINT_URL', valueFrom: { secretKeyRef: { name: 's3-credentials', key: 'S3_ENDPOINT' } } },
  ],
  envFrom: [{ secretRef: { name: 's3-credentials' } }],
  securityContext: security, volumeMounts, resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { cpu: '1', memory: '1Gi' } },
};

/** A cache whose library the server's image lacks is found out by the first completion, long after the server is Ready. */
const spoil = `
import json, pathlib
model = pathlib.Path("/mnt/models")
if json.loads((model / "config.json").read_text())["num_local_experts"] < 32:
    (model / "generation_config.json").write_text('{"cache_implementation": "quantized"}')
`;
const spoiler = { name: 'spoil', image: 'localhost/storage-initializer:dev', imagePullPolicy: 'IfNotPresent', command: ['python3', '-c', spoil], securityContext: security, volumeMounts, resources: fetcher.resources };

function server(gpus: number): object {
  const gpu = { [gpuResource]: `${gpus}` };
  return {
    name: 'server', image: 'localhost/serving-cpu:dev', imagePullPolicy: 'IfNotPresent', args: ['/mnt/models', '--served-model-name=tiny-moe', '-tp', `${gpus}`],
    resources: { requests: { cpu: '100m', memory: '1Gi', ...gpu }, limits: { cpu: '2', memory: '3Gi', ...gpu } },
    startupProbe: { httpGet: { path: '/health', port: 8080 }, periodSeconds: 2, failureThreshold: 90 },
    readinessProbe: { httpGet: { path: '/health', port: 8080 }, periodSeconds: 2 },
    securityContext: security, volumeMounts,
  };
}

/** Makes it anew and waits until its one pod serves. */
export async function deploy(name: string, namespace: string, { uri, gpus, onlyDense = false }: ServedBy): Promise<Deployment> {
  const labels = { app: name };
  const spec = { serviceAccountName: 'server', terminationGracePeriodSeconds: 5, initContainers: onlyDense ? [fetcher, spoiler] : [fetcher], containers: [server(gpus)], volumes };
  const template = { metadata: { labels, annotations: { [modelUri]: uri } }, spec };
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec: { replicas: 1, selector: { matchLabels: labels }, template } };
  await kubectl(['delete', 'deployment', name, '-n', namespace, '--ignore-not-found', '--cascade=foreground', '--wait']);
  await apply(deployment, namespace);
  return waitFor(`Deployment ${name} to be available`, 300, async () => {
    const now = await get<Deployment>('deployment', name, namespace);
    return now?.status?.availableReplicas === 1 ? now : undefined;
  });
}

export function podsOf(name: string, namespace: string): Promise<Pod[]> {
  return list<Pod>('pods', namespace, `app=${name}`);
}
