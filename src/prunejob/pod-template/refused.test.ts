/** What a PruneJob's pod template may not ask for, and who may allow it. */
import { describe, expect, it } from 'vitest';

import { podTemplates } from '../engine/job.ts';
import { overlayRefused } from './refused.ts';
import { defaultPolicy, privileges, type Privilege } from '../policy.ts';
import { pruneJob, spec } from '../testing/builders.ts';

type Fields = Readonly<Record<string, unknown>>;

function refusal(podTemplate: Fields, podTemplateMay: readonly Privilege[] = [], installed: Fields = {}): string | undefined {
  const options = { stage: 'prune', attempt: 1, engine: { image: 'e', serviceAccountName: 'default', podTemplate: installed }, serviceAccount: { name: 'pruner', secretNames: ['s3'] } } as const;
  const templates = podTemplates({ ...options, pruneJob: pruneJob({ spec: { runner: { ...spec().runner, podTemplate } } }) });
  return overlayRefused(templates, { ...defaultPolicy, podTemplateMay })?.message;
}

const pod = (fields: Fields): Fields => ({ spec: fields });
const engine = (fields: Fields): Fields => pod({ containers: [{ name: 'engine', ...fields }] });
const volume = (fields: Fields): Fields => pod({ volumes: [{ name: 'v', ...fields }] });
const sidecar = { name: 'sidecar', image: 'i', securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } };
const token = { serviceAccountToken: { path: 'token' } };

const rows: readonly (readonly [Privilege, string, Fields])[] = [
  ['HostNamespaces', 'spec.hostNetwork', pod({ hostNetwork: true })],
  ['HostNamespaces', 'spec.hostPID', pod({ hostPID: true })],
  ['HostNamespaces', 'spec.hostIPC', pod({ hostIPC: true })],
  ['HostPath', 'spec.volumes[v].hostPath', volume({ hostPath: { path: '/' } })],
  ['HostPorts', 'spec.containers[engine].ports[9].hostPort', engine({ ports: [{ containerPort: 9, hostPort: 9 }] })],
  ['HostPorts', 'spec.containers[engine].livenessProbe', engine({ livenessProbe: { httpGet: { host: '169.254.169.254', port: 80 } } })],
  ['HostPorts', 'spec.containers[engine].lifecycle', engine({ lifecycle: { preStop: { tcpSocket: { host: '10.0.0.1', port: 80 } } } })],
  ['Privileged', 'spec.containers[engine].securityContext.privileged', engine({ securityContext: { privileged: true } })],
  ['Privileged', 'spec.containers[engine].securityContext.allowPrivilegeEscalation', engine({ securityContext: { allowPrivilegeEscalation: true } })],
  ['Privileged', 'spec.containers[engine].securityContext.allowPrivilegeEscalation', engine({ securityContext: null })],
  ['Privileged', 'spec.containers[engine].securityContext.capabilities', engine({ securityContext: { capabilities: { add: ['SYS_ADMIN'] } } })],
  ['Privileged', 'spec.containers[engine].securityContext.capabilities', engine({ securityContext: { capabilities: { drop: ['KILL'] } } })],
  ['Privileged', 'spec.containers[engine].securityContext.capabilities', engine({ securityContext: { capabilities: null } })],
  ['Privileged', 'spec.containers[engine].securityContext.procMount', engine({ securityContext: { procMount: 'Unmasked' } })],
  ['Privileged', 'spec.containers[engine].securityContext.runAsUser', engine({ securityContext: { runAsUser: 0 } })],
  ['Privileged', 'spec.containers[engine].securityContext.runAsNonRoot', engine({ securityContext: { runAsNonRoot: false } })],
  ['Privileged', 'spec.containers[engine].securityContext.seccompProfile', engine({ securityContext: { seccompProfile: { type: 'Unconfined' } } })],
  ['Privileged', 'spec.containers[engine].securityContext.appArmorProfile', engine({ securityContext: { appArmorProfile: { type: 'Unconfined' } } })],
  ['Privileged', 'spec.containers[engine].securityContext.seLinuxOptions', engine({ securityContext: { seLinuxOptions: { type: 'spc_t' } } })],
  ['Privileged', 'spec.containers[engine].securityContext.windowsOptions', engine({ securityContext: { windowsOptions: { hostProcess: true } } })],
  ['Privileged', 'spec.containers[engine].securityContext.readOnlyRootFilesystem', engine({ securityContext: { readOnlyRootFilesystem: false } })],
  ['Privileged', 'spec.securityContext.runAsNonRoot', pod({ securityContext: { runAsNonRoot: false } })],
  ['Privileged', 'spec.securityContext.runAsNonRoot', pod({ securityContext: null })],
  ['Privileged', 'spec.securityContext.runAsUser', pod({ securityContext: { runAsUser: 0 } })],
  ['Privileged', 'spec.securityContext.seccompProfile', pod({ securityContext: { seccompProfile: null } })],
  ['Sysctls', 'spec.securityContext.sysctls', pod({ securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } })],
  ['ServiceAccount', 'spec.serviceAccountName', pod({ serviceAccountName: 'admin' })],
  ['ServiceAccount', 'spec.serviceAccountName', pod({ serviceAccountName: null })],
  ['ServiceAccount', 'spec.serviceAccount', pod({ serviceAccount: 'admin' })],
  ['APIToken', 'spec.automountServiceAccountToken', pod({ automountServiceAccountToken: true })],
  ['APIToken', 'spec.automountServiceAccountToken', pod({ automountServiceAccountToken: null })],
  ['APIToken', 'spec.volumes[v].projected', volume({ projected: { sources: [token] } })],
  ['Secrets', 'spec.volumes[v].secret', volume({ secret: { secretName: 's' } })],
  ['Secrets', 'spec.volumes[v].projected', volume({ projected: { sources: [{ secret: { name: 's' } }] } })],
  ['Secrets', 'spec.containers[engine].env[A].valueFrom', engine({ env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] })],
  ['Secrets', 'spec.containers[engine].envFrom.secretRef', engine({ envFrom: [{ secretRef: { name: 'another' } }] })],
  ['OtherVolumes', 'spec.volumes[v].nfs', volume({ nfs: { server: 's', path: '/' } })],
  ['OtherVolumes', 'spec.volumes[v].csi', volume({ csi: { driver: 'd' } })],
  ['ExtraContainers', 'spec.containers[sidecar]', pod({ containers: [sidecar] })],
  ['ExtraContainers', 'spec.initContainers[sidecar]', pod({ initContainers: [sidecar] })],
  ['ExtraContainers', 'spec.initContainers[engine]', pod({ initContainers: [{ ...sidecar, name: 'engine' }] })],
];

describe.each(rows)('%s: %s', (privilege, path, podTemplate) => {
  it('is refused by name', () => {
    const said = refusal(podTemplate);
    expect(said).toMatch(/^runner\.podTemplate asks for more than this installation allows: .*\. Leave it out of a new PruneJob\./);
    expect(said).toContain(`${path} (${privilege})`);
    expect(said).toMatch(new RegExp(`An administrator may allow ${privilege} by the chart's policy\\.podTemplateMay\\.$`));
  });

  it('is allowed by its own name alone', () => {
    expect(refusal(podTemplate, [privilege])).toBeUndefined();
    expect(refusal(podTemplate, privileges.filter((other) => other !== privilege))).toContain(path);
  });

  it('that the installation has already is not asked for', () => {
    expect(refusal({}, [], podTemplate)).toBeUndefined();
  });
});

it('every privilege has a row', () => {
  expect([...new Set(rows.map(([privilege]) => privilege))].sort()).toEqual([...privileges]);
});

describe('labels and annotations by which others know a pod', () => {
  it.each([
    ['metadata.labels[stun-operator.io/prunejob-uid]', { metadata: { labels: { 'stun-operator.io/prunejob-uid': 'another' } } }],
    ['metadata.labels[stun-operator.io/prunejob]', { metadata: { labels: { 'stun-operator.io/prunejob': null } } }],
    ['metadata.labels[app.kubernetes.io/managed-by]', { metadata: { labels: { 'app.kubernetes.io/managed-by': 'Helm' } } }],
    ['metadata.labels[serving.kserve.io/inferenceservice]', { metadata: { labels: { 'serving.kserve.io/inferenceservice': 'mixtral' } } }],
    ['metadata.annotations[container.apparmor.security.beta.kubernetes.io/engine]', { metadata: { annotations: { 'container.apparmor.security.beta.kubernetes.io/engine': 'unconfined' } } }],
    ['metadata.labels[stun-operator.io/stage]', { metadata: null }],
  ])('%s stays, whatever is allowed', (path, podTemplate) => {
    expect(refusal(podTemplate, privileges)).toContain(path);
    expect(refusal(podTemplate, privileges)).not.toContain('An administrator may allow');
  });
});

describe('a template that asks for no privilege', () => {
  it.each([
    ['nothing', {}],
    ['labels of its own', { metadata: { labels: { team: 'ml' }, annotations: { 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false' } } }],
    ['where it runs', pod({ nodeSelector: { pool: 'gpu' }, tolerations: [{ operator: 'Exists' }], runtimeClassName: 'nvidia', priorityClassName: 'low', imagePullSecrets: [{ name: 'registry' }] })],
    ['resources, variables and a probe of its own', engine({ resources: { limits: { memory: '1Ti' } }, env: [{ name: 'A', value: '1' }, { name: 'B', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }], livenessProbe: { httpGet: { port: 8080 } } })],
    ['volumes of its own namespace', pod({ volumes: [{ name: 'a', emptyDir: {} }, { name: 'b', configMap: { name: 'ca' } }, { name: 'c', persistentVolumeClaim: { claimName: 'c' } }, { name: 'd', projected: { sources: [{ configMap: { name: 'x' } }] } }] })],
    ['the same as it has', pod({ serviceAccountName: 'pruner', automountServiceAccountToken: false, hostNetwork: false })],
    ['what is ours, otherwise', pod({ volumes: [{ name: 'tmp', emptyDir: { medium: 'Memory' } }], containers: [{ name: 'engine', env: [{ name: 'HOME', value: '/home' }] }] })],
    ['users of its own', pod({ hostUsers: false })],
    ['what is so anyway', pod({ hostUsers: true })],
    ['another user', pod({ securityContext: { runAsUser: 1000, fsGroup: 1000, seccompProfile: { type: 'Localhost', localhostProfile: 'p' } } })],
  ])('is taken: %s', (_, podTemplate) => {
    expect(refusal(podTemplate)).toBeUndefined();
  });

  it.each([['no objects', pod({ containers: 'none', volumes: 7, securityContext: [] })], ['lists of texts', pod({ containers: ['engine'], volumes: ['v'] })]])('or is left to the API server to refuse: %s', (_, podTemplate) => {
    expect(() => refusal(podTemplate)).not.toThrow();
  });
});

describe('what the administrator installed', () => {
  const installed: Fields = {
    spec: {
      runtimeClassName: 'gvisor',
      hostUsers: false,
      volumes: [
        { name: 'models', hostPath: { path: '/models' } },
        { name: 'shared', persistentVolumeClaim: { claimName: 'shared', readOnly: true } },
        { name: 'ca', configMap: { name: 'site-ca' } },
      ],
      containers: [
        {
          name: 'engine',
          env: [{ name: 'HTTPS_PROXY', value: 'http://proxy:3128' }],
          envFrom: [{ configMapRef: { name: 'site' } }],
          volumeMounts: [{ name: 'models', mountPath: '/models', readOnly: true }, { name: 'ca', mountPath: '/etc/site-ca' }],
        },
        { ...sidecar, image: 'proxy' },
      ],
      initContainers: [{ ...sidecar, name: 'prepare' }],
    },
  };
  const mount = (fields: Fields): Fields => engine({ volumeMounts: [fields] });

  it.each([
    ['another host path', volume({ name: 'models', hostPath: { path: '/etc' } }), 'spec.volumes[models]'],
    ['a claim instead', volume({ name: 'models', hostPath: null, persistentVolumeClaim: { claimName: 'mine' } }), 'spec.volumes[models]'],
    ['another claim', volume({ name: 'shared', persistentVolumeClaim: { claimName: 'another' } }), 'spec.volumes[shared]'],
    ['a claim to write to', volume({ name: 'shared', persistentVolumeClaim: { readOnly: null } }), 'spec.volumes[shared]'],
    ['another ConfigMap', volume({ name: 'ca', configMap: { name: 'mine' } }), 'spec.volumes[ca]'],
    ['no volumes', pod({ volumes: null }), 'spec.volumes[ca]'],
    ['a mount to write to', mount({ mountPath: '/models', readOnly: false }), 'spec.containers[engine].volumeMounts[/models]'],
    ['a mount of another volume', mount({ mountPath: '/etc/site-ca', name: 'tmp' }), 'spec.containers[engine].volumeMounts[/etc/site-ca]'],
    ['a mount of a part', mount({ mountPath: '/etc/site-ca', subPath: 'x' }), 'spec.containers[engine].volumeMounts[/etc/site-ca]'],
    ['no mounts', engine({ volumeMounts: null }), 'spec.containers[engine].volumeMounts[/etc/site-ca]'],
    ['another variable', engine({ env: [{ name: 'HTTPS_PROXY', value: 'http://mine' }] }), 'spec.containers[engine].env[HTTPS_PROXY]'],
    ['no variables', engine({ envFrom: null }), 'spec.containers[engine].envFrom'],
    ['another image', pod({ containers: [{ name: 'sidecar', image: 'mine' }] }), 'spec.containers[sidecar]'],
    ['no container before', pod({ initContainers: null }), 'spec.initContainers[prepare]'],
    ['another sandbox', pod({ runtimeClassName: 'nvidia' }), 'spec.runtimeClassName'],
    ['no sandbox', pod({ runtimeClassName: null }), 'spec.runtimeClassName'],
  ])('cannot be turned into %s, whatever is allowed', (_, podTemplate, path) => {
    expect(refusal(podTemplate, [], installed)).toContain(path);
    expect(refusal(podTemplate, privileges, installed)).toContain(path);
  });

  it.each([
    ['its host path, mounted once more to write to', mount({ name: 'models', mountPath: '/elsewhere' }), 'spec.containers[engine].volumeMounts[/elsewhere] (HostPath)', 'HostPath'],
    ["the node's users", pod({ hostUsers: true }), 'spec.hostUsers (HostNamespaces)', 'HostNamespaces'],
    ["the node's users, by leaving it out", pod({ hostUsers: null }), 'spec.hostUsers (HostNamespaces)', 'HostNamespaces'],
  ] as const)('opens no more: %s', (_, podTemplate, path, privilege) => {
    expect(refusal(podTemplate, [], installed)).toContain(path);
    expect(refusal(podTemplate, [privilege], installed)).toBeUndefined();
  });

  it.each([
    ['named again as they are', pod({ runtimeClassName: 'gvisor', volumes: [{ name: 'ca', configMap: { name: 'site-ca' } }] })],
    ['its claim, mounted as it is', mount({ name: 'shared', mountPath: '/shared' })],
    ['variables and volumes beside them', pod({ volumes: [{ name: 'mine', emptyDir: {} }], containers: [{ name: 'engine', env: [{ name: 'A', value: '1' }], envFrom: [{ configMapRef: { name: 'mine' } }], volumeMounts: [{ name: 'mine', mountPath: '/mine' }] }] })],
  ])('may be used: %s', (_, podTemplate) => {
    expect(refusal(podTemplate, [], installed)).toBeUndefined();
  });
});

it('a sentence names paths, never values', () => {
  expect(refusal(engine({ env: [{ name: 'A', value: 'hunter2', valueFrom: { secretKeyRef: { name: 's', key: 'hunter2' } } }] }))).not.toContain('hunter2');
});
