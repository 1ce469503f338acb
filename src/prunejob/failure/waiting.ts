/** What keeps a container of a scheduled pod from starting, while somebody may still mend it. One row a reason of the kubelet's. */
import type { Pod } from '../kube.ts';

/** Something that keeps a pod from starting and that somebody else may still mend. */
export interface Obstacle {
  readonly reason: 'SecretNotFound' | 'ImagePullFailed' | 'PodNotCreated' | 'ContainerNotStarted' | 'GPUUnavailable';
  readonly message: string;
  /** Nobody can: waiting would only cost time. */
  readonly hopeless: boolean;
}

interface Row {
  readonly name: string;
  readonly reason: RegExp;
  readonly text?: RegExp;
  readonly means: Obstacle['reason'];
  readonly what: string;
  readonly remedy: string;
  /** The pod's template cannot change, so waiting mends nothing. */
  readonly hopeless?: boolean;
  /** Words by which trying again mends nothing either, unless somebody else does something; whatever else is said may pass by itself. */
  readonly refusal?: RegExp;
}

const image = /^(ErrImagePull|ImagePullBackOff|RegistryUnavailable|SignatureValidationFailed|ImageInspectError)$/;
/** A registry's own no, and not that it cannot be reached. */
const refused = /not found|manifest unknown|unauthorized|access denied|does not exist|authorization failed|forbidden/i;
const uncreated = /^(CreateContainerConfigError|CreateContainerError|RunContainerError|CreatePodSandboxError)$/;

export const waits: readonly Row[] = [
  { name: 'image name invalid', reason: /^InvalidImageName$/, means: 'ImagePullFailed', what: 'cannot pull its image', remedy: 'Correct the image in runner.image of another PruneJob, or in the installation\'s engine.image.', hopeless: true },
  { name: 'image not on the node', reason: /^ErrImageNeverPull$/, means: 'ImagePullFailed', what: 'cannot pull its image', remedy: 'Load the image into the node, or let it be pulled: engine.imagePullPolicy of the installation.', refusal: /not present/ },
  { name: 'image pull failed', reason: image, means: 'ImagePullFailed', what: 'cannot pull its image', remedy: 'Correct the image or its pull secret.', refusal: refused },
  { name: 'secret or config map missing', reason: uncreated, text: /secret|config ?map/i, means: 'SecretNotFound', what: 'cannot start', remedy: 'Create what it names, or remove it from the ServiceAccount\'s secrets or from runner.podTemplate.' },
  { name: 'image runs as root', reason: uncreated, text: /runAsNonRoot|non-numeric user/, means: 'ContainerNotStarted', what: 'cannot start', remedy: 'Take an image with a numeric user other than 0, or set runAsUser in runner.podTemplate.' },
  { name: 'GPU not given to the container', reason: uncreated, text: /CDI|nvidia/i, means: 'GPUUnavailable', what: 'does not get its GPU', remedy: 'Look at the node\'s driver (nvidia-smi) and NVIDIA container toolkit; cordon the node until they work.' },
  { name: 'container not created', reason: uncreated, means: 'ContainerNotStarted', what: 'cannot start', remedy: 'Correct what the message names in runner.podTemplate or on the node.' },
];

export function waitingBecause(pod: Pod): (Obstacle & { readonly row: string }) | undefined {
  const wait = waitOf(pod);
  if (wait === undefined) return undefined;
  const { name, means, remedy, hopeless = false } = wait.row;
  return { row: name, reason: means, hopeless, message: `${wait.what} ${remedy}` };
}

/** Without a remedy, which depends on whose pod it is. */
export function waitOf(pod: Pod): { readonly row: Row; readonly said: string; readonly what: string } | undefined {
  for (const { reason = '', message = reason } of waitingStates(pod)) {
    const row = waits.find((candidate) => candidate.reason.test(reason) && (candidate.text?.test(message) ?? true));
    if (row !== undefined) return { row, said: message, what: tell(row, pod, message.trim()) };
  }
  return undefined;
}

function tell({ what }: Row, { metadata, spec }: Pod, said: string): string {
  const where = spec?.nodeName === undefined ? '' : ` (node ${spec.nodeName})`;
  return `Pod ${metadata.name}${where} ${what}: ${said.replace(/[.\s]*$/, '')}.`;
}

function waitingStates({ status }: Pod): { readonly reason?: string; readonly message?: string }[] {
  const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  return containers.map(({ state }) => state?.waiting).filter((waiting) => waiting !== undefined);
}
