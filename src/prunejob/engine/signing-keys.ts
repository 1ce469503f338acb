/**
 * The keys of `output.signing` in an engine pod: items of one Secret as files, each stage with no more of them than it needs.
 *
 * Never in the environment, which programs inherit and dump. The operator names the Secret and reads it nowhere.
 */
import type { Stage } from '../../api/names.ts';
import type { PruneJobSpec } from '../../api/v1alpha1/prunejob.ts';
import type { Obstacle } from '../failure/waiting.ts';
import { condition, isTrue, type Pod } from '../kube.ts';
import type { ChildJob } from '../observed.ts';
import { elapsedMs, type Run } from '../run.ts';

const volume = 'signing';
const privateKey = 'signing.key';
const publicKey = 'signing.pub';
const folder = '/signing';
/** Of the user's group, which the kubelet adds; nobody else's. */
const mode = 0o440;
/** Claims of the same pod may take as long as this to be attached. */
const mountedWithinMs = 30_000;

interface SigningKeys {
  readonly volumes: readonly object[];
  readonly mounts: readonly object[];
  readonly args: readonly string[];
}

export function signingKeys({ output }: PruneJobSpec, stage: Stage): SigningKeys {
  const items = itemsOf(stage);
  if (output.signing === undefined || items.length === 0) return { volumes: [], mounts: [], args: [] };
  const secret = { secretName: output.signing.secretRef.name, defaultMode: mode, items: items.map((key) => ({ key, path: key })) };
  return {
    volumes: [{ name: volume, secret }],
    mounts: [{ name: volume, mountPath: folder, readOnly: true }],
    args: items.flatMap((item) => [item === privateKey ? '--signing-key' : '--public-key', `${folder}/${item}`]),
  };
}

function itemsOf(stage: Stage): readonly string[] {
  switch (stage) {
    case 'prune':
      return [privateKey, publicKey];
    case 'inspect':
      return [publicKey];
    case 'evaluate':
    case 'clean':
      return [];
  }
}

/** The kubelet tells of a Secret that it cannot mount in an event alone, and of the container only that it is being created. */
export function keysAwaited(run: Run, { stage, pods }: ChildJob): Obstacle | undefined {
  const { signing } = run.spec.output;
  const pod = pods.find((candidate) => awaitsVolumes(run, candidate));
  if (signing === undefined || pod === undefined) return undefined;
  const { namespace = '', name } = pod.metadata;
  const message = `Pod ${name} waits for its volumes. If it is not there, create Secret ${namespace}/${signing.secretRef.name} with ${itemsOf(stage).join(' and ')}; \`kubectl -n ${namespace} describe pod ${name}\` says what is missing.`;
  return { reason: 'SecretNotFound', hopeless: false, message };
}

/** A node has taken the pod, and no sandbox is made yet: images are pulled only after that. */
export function awaitsVolumes(run: Run, { status }: Pod): boolean {
  const since = condition(status?.conditions, 'PodScheduled')?.lastTransitionTime;
  const isSetUp = condition(status?.conditions, 'PodReadyToStartContainers')?.status !== 'False';
  return status?.phase === 'Pending' && isTrue(status.conditions, 'PodScheduled') && !isSetUp && elapsedMs(run, since ?? '') >= mountedWithinMs;
}
