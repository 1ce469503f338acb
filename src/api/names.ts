/** Every name by which the operator is known in a cluster, and the names of what it creates. */

export const group = 'stun-operator.io';
export const version = 'v1alpha1';
export const kind = 'PruneJob';
export const plural = 'prunejobs';
export const apiVersion = `${group}/${version}`;

export const fieldManager = 'stun-operator';
export const finalizer = `${group}/finalizer`;
export const leaseName = 'stun-operator';

/** On child Jobs and their pods, unless said otherwise; the scratch claim is of no one stage. */
export const labels = {
  pruneJob: `${group}/prunejob`,
  pruneJobUid: `${group}/prunejob-uid`,
  stage: `${group}/stage`,
  attempt: `${group}/attempt`,
  managedBy: 'app.kubernetes.io/managed-by',
  /** On a ServiceAccount: engine pods may run under it. */
  runner: `${group}/runner`,
  /** On a service, where the administrator asks for it: PruneJobs may move it. */
  allowPrune: `${group}/allow-prune`,
} as const;

/** On the service. */
export const annotations = {
  receipt: `${group}/receipt`,
  gitIgnoresFields: `${group}/git-ignores-fields`,
  /** On the pod template of a Deployment, for a container that fetches the model before vLLM starts. */
  modelUri: `${group}/model-uri`,
} as const;

export type Stage = 'inspect' | 'prune' | 'evaluate' | 'clean';

const maxLength = 63;
const hashLength = 10;

/**
 * `<pj>-<stage>-<attempt>`, at most 63 characters, because the Job controller copies it into a label.
 * Dots go too: a pod's host name is made of it. Either change adds a hash, so that two PruneJobs never share a name.
 */
export function childName(pruneJob: string, stage: Stage, attempt: number): string {
  const suffix = `-${stage}-${attempt}`;
  return dnsLabel(pruneJob, maxLength - suffix.length) + suffix;
}

/** `<pj>-scratch`, as short as the Jobs' names, so that every attempt and every restart of the operator means the same claim. */
export function scratchName(pruneJob: string): string {
  const suffix = '-scratch';
  return dnsLabel(pruneJob, maxLength - suffix.length) + suffix;
}

/** `<pj>-patch`, as short as the others. */
export function patchName(pruneJob: string): string {
  const suffix = '-patch';
  return dnsLabel(pruneJob, maxLength - suffix.length) + suffix;
}

/** A claim's name may have dots and 253 characters, a volume's neither. */
export function volumeName(claim: string): string {
  const prefix = 'claim-';
  return prefix + dnsLabel(claim, maxLength - prefix.length);
}

/** A PruneJob's name may have 253 characters, a label value 63. */
export function labelValue(name: string): string {
  return name.length <= maxLength ? name : hashed(name, name, maxLength);
}

interface Owner {
  readonly name: string;
  readonly uid: string;
}

export function ownLabels(pruneJob: Owner): Record<string, string> {
  return {
    [labels.pruneJob]: labelValue(pruneJob.name),
    [labels.pruneJobUid]: pruneJob.uid,
    [labels.managedBy]: fieldManager,
  };
}

export function childLabels(pruneJob: Owner, stage: Stage, attempt: number): Record<string, string> {
  return { ...ownLabels(pruneJob), [labels.stage]: stage, [labels.attempt]: `${attempt}` };
}

function dnsLabel(name: string, room: number): string {
  const flat = name.replaceAll('.', '-');
  return flat === name && flat.length <= room ? flat : hashed(flat, name, room);
}

function hashed(prefix: string, whole: string, room: number): string {
  return `${prefix.slice(0, room - hashLength - 1).replace(/[-._]+$/, '')}-${hash(whole)}`;
}

/** FNV-1a, 64 bits: this layer is pure and has no crypto, and the names are not secrets. */
function hash(text: string): string {
  const bytes = new TextEncoder().encode(text);
  const value = bytes.reduce((sum, byte) => BigInt.asUintN(64, (sum ^ BigInt(byte)) * 0x100000001b3n), 0xcbf29ce484222325n);
  return value.toString(16).padStart(16, '0').slice(-hashLength);
}
