/**
 * What an engine pod's template asks for beyond Pod Security "restricted", one finding each.
 *
 * Two templates are compared by their findings, so each one holds the value: a template that only changes where a host path leads asks anew.
 * Anything may come: the template is the user's JSON, and the API server has not seen it yet.
 */
import { labels } from '../../api/names.ts';
import { isObject, type Fields } from '../json-checks.ts';
import { engineContainer } from '../engine/messages.ts';
import type { Privilege } from '../policy.ts';
import { serviceKinds } from '../serving/registry.ts';

export interface Finding {
  /** Absent: nobody may allow it. */
  readonly privilege?: Privilege;
  readonly path: string;
  readonly value: unknown;
}

interface Place {
  readonly path: string;
  readonly fields: Fields;
}

type Rule = (place: Place) => readonly (Finding | undefined)[];

export function findings(template: Fields): readonly Finding[] {
  const metadata = fieldsOf(template.metadata);
  const spec = fieldsOf(template.spec);
  const all = [
    ...reserved('metadata.labels', metadata.labels, reservedLabels),
    ...reserved('metadata.annotations', metadata.annotations, reservedAnnotations),
    ...podRule({ path: 'spec', fields: spec }),
    ...items(spec.volumes).flatMap((volume) => volumeRule({ path: `spec.volumes[${nameOf(volume)}]`, fields: volume })),
    ...containersOf(spec).flatMap(containerRule),
    ...hostMounts(spec),
  ];
  return all.filter((finding) => finding !== undefined);
}

const ours = (key: string): boolean => key.startsWith('stun-operator.io/') || key === labels.managedBy;
/** A pod with the label of a service's own pods would be taken for one of them, by its users and by the roll-out. */
const renderedLabels = serviceKinds.flatMap(({ rendered }) => ('label' in rendered ? [rendered.label] : []));
const reservedLabels = (key: string): boolean => ours(key) || renderedLabels.includes(key);
const reservedAnnotations = (key: string): boolean => ours(key) || key.startsWith('container.apparmor.security.beta.kubernetes.io/');

function reserved(path: string, marks: unknown, isReserved: (key: string) => boolean): Finding[] {
  return Object.entries(fieldsOf(marks)).filter(([key]) => isReserved(key)).map(([key, value]) => ({ path: `${path}[${key}]`, value }));
}

const podRule: Rule = (pod) => [
  ...['hostNetwork', 'hostPID', 'hostIPC'].map((field) => unless(isFalse, 'HostNamespaces', pod, field)),
  // Kubernetes' default is true, so to leave it out is to ask for it.
  pod.fields.hostUsers === false ? undefined : { privilege: 'HostNamespaces', path: `${pod.path}.hostUsers`, value: true },
  // Whatever it is, for none at all is the namespace's default one.
  unless(() => false, 'ServiceAccount', pod, 'serviceAccountName'),
  // The name of old, which counts where the other is missing.
  unless(isAbsent, 'ServiceAccount', pod, 'serviceAccount'),
  unless((value) => value === false, 'APIToken', pod, 'automountServiceAccountToken'),
  ...podSecurityRule(below(pod, 'securityContext')),
];

const podSecurityRule: Rule = (context) => [
  unless((value) => value === true, 'Privileged', context, 'runAsNonRoot'),
  unless((value) => isConfined(value) && !isAbsent(value), 'Privileged', context, 'seccompProfile'),
  unless((value) => items(value).length === 0, 'Sysctls', context, 'sysctls'),
  ...sharedSecurityRule(context),
];

/** The fields that a pod's security context and a container's have in common, with one meaning. */
const sharedSecurityRule: Rule = (context) => [
  unless((value) => value !== 0, 'Privileged', context, 'runAsUser'),
  unless(isConfined, 'Privileged', context, 'appArmorProfile'),
  unless(isAbsent, 'Privileged', context, 'seLinuxOptions'),
  unless(isAbsent, 'Privileged', context, 'windowsOptions'),
];

const containerSecurityRule: Rule = (context) => [
  unless(isFalse, 'Privileged', context, 'privileged'),
  unless((value) => value === false, 'Privileged', context, 'allowPrivilegeEscalation'),
  unless((value) => value !== false, 'Privileged', context, 'runAsNonRoot'),
  unless((value) => isAbsent(value) || value === 'Default', 'Privileged', context, 'procMount'),
  unless(isConfined, 'Privileged', context, 'seccompProfile'),
  unless(dropsAll, 'Privileged', context, 'capabilities'),
  ...sharedSecurityRule(context),
];

const hostPortRule: Rule = (port) => ['hostPort', 'hostIP'].map((field) => unless(isAbsent, 'HostPorts', port, field));

const containerRule: Rule = (container) => [
  container.path === `spec.containers[${engineContainer}]`
    ? unless((value) => value === true, 'Privileged', below(container, 'securityContext'), 'readOnlyRootFilesystem')
    : { privilege: 'ExtraContainers', path: container.path, value: container.fields },
  ...containerSecurityRule(below(container, 'securityContext')),
  ...items(container.fields.ports).flatMap((port) => hostPortRule({ path: `${container.path}.ports[${String(port.containerPort)}]`, fields: port })),
  ...['livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle'].map((field) => unless((value) => !asksHost(value), 'HostPorts', container, field)),
  ...items(container.fields.env).map((variable) => unless((value) => !mentions(value, 'secretKeyRef'), 'Secrets', { path: `${container.path}.env[${nameOf(variable)}]`, fields: variable }, 'valueFrom')),
  ...items(container.fields.envFrom).map((from) => unless(isAbsent, 'Secrets', { path: `${container.path}.envFrom`, fields: from }, 'secretRef')),
];

/** Each mount anew: a host path that is installed to be read could be mounted once more, to be written to. */
function hostMounts(spec: Fields): Finding[] {
  const names = items(spec.volumes).filter(({ hostPath }) => !isAbsent(hostPath)).map(nameOf);
  const mountsOf = ({ path, fields }: Place): Finding[] =>
    items(fields.volumeMounts).filter((mount) => names.includes(nameOf(mount))).map((mount) => ({ privilege: 'HostPath', path: `${path}.volumeMounts[${String(mount.mountPath)}]`, value: mount }));
  return containersOf(spec).flatMap(mountsOf);
}

/** Kinds of volume that show a pod nothing but its own namespace's data, Secrets aside. */
const plainVolumes = ['emptyDir', 'configMap', 'downwardAPI', 'persistentVolumeClaim', 'ephemeral', 'projected', 'image'];
const knownVolumes = ['name', 'hostPath', 'secret', ...plainVolumes];

const volumeRule: Rule = (volume) => [
  unless(isAbsent, 'HostPath', volume, 'hostPath'),
  unless(isAbsent, 'Secrets', volume, 'secret'),
  unless((value) => !mentions(value, 'secret'), 'Secrets', volume, 'projected'),
  unless((value) => !mentions(value, 'serviceAccountToken') && !mentions(value, 'podCertificate'), 'APIToken', volume, 'projected'),
  ...Object.keys(volume.fields).filter((kind) => !knownVolumes.includes(kind)).map((kind) => unless(isAbsent, 'OtherVolumes', volume, kind)),
];

function unless(isHarmless: (value: unknown) => boolean, privilege: Privilege, { path, fields }: Place, field: string): Finding | undefined {
  const value = fields[field];
  return isHarmless(value) ? undefined : { privilege, path: `${path}.${field}`, value };
}

function below({ path, fields }: Place, field: string): Place {
  return { path: `${path}.${field}`, fields: fieldsOf(fields[field]) };
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

function isFalse(value: unknown): boolean {
  return isAbsent(value) || value === false;
}

function isConfined(profile: unknown): boolean {
  return isAbsent(profile) || ['RuntimeDefault', 'Localhost'].includes(String(fieldsOf(profile).type));
}

function dropsAll(capabilities: unknown): boolean {
  const { add, drop } = fieldsOf(capabilities);
  return (isAbsent(add) || (Array.isArray(add) && add.length === 0)) && Array.isArray(drop) && drop.includes('ALL');
}

/** The kubelet asks, from the node's own network. */
function asksHost(probe: unknown): boolean {
  return mentions(probe, 'host');
}

/** Somewhere inside there is a field of this name. */
function mentions(value: unknown, field: string): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, inner]) => (key === field && !isAbsent(inner)) || mentions(inner, field));
}

export function containersOf(spec: Fields): Place[] {
  return ['initContainers', 'containers', 'ephemeralContainers'].flatMap((list) => items(spec[list]).map((container) => ({ path: `spec.${list}[${nameOf(container)}]`, fields: container })));
}

export function items(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

export function fieldsOf(value: unknown): Fields {
  return isObject(value) ? value : {};
}

export function nameOf({ name }: Fields): string {
  return String(name);
}
