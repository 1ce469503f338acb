/** The engine's pod taken away in every way that a cluster knows; a run on a scratch disk goes on where it stopped, too. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { dismiss, invite } from '../../lib/guest.ts';
import { apply, get, kubectl } from '../../lib/kubectl.ts';
import { waitFor } from '../../lib/wait.ts';
import { killContainer } from '../../lib/containers.ts';
import { atLayer } from '../../lib/engine.ts';
import type { Fault } from '../lib/fault.ts';
import { expectResumed } from '../lib/outcome.ts';
import { patience } from '../../lib/patience.ts';
import { engineContainer, namespace, type Scene } from '../lib/scene.ts';

const scratchClass = 'e2e-faults-scratch';
const tooLittle = { memory: '64Mi' };

export const engineStopped: readonly Fault[] = [
  {
    title: 'the engine evicted',
    name: 'evicted',
    cause: async ({ name }) => {
      const { metadata } = await atLayer(name, namespace, 2);
      const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: metadata.name, namespace } };
      await kubectl(['create', '--raw', `/api/v1/namespaces/${namespace}/pods/${metadata.name}/eviction`, '-f', '-'], JSON.stringify(eviction));
    },
    end: 'Finished',
    pods: 2,
    resumes: true,
  },
  {
    title: 'the engine preempted by a pod that takes all GPUs',
    name: 'preempted',
    cause: async ({ name }) => {
      await atLayer(name, namespace, 2);
      await takeAllGPUs();
    },
    end: 'Finished',
    pods: 2,
    resumes: true,
  },
  {
    title: 'the node drained of everything, the operator too, and open again',
    name: 'drained',
    served: true,
    cause: async ({ name }) => {
      await atLayer(name, namespace, 2);
      try {
        await kubectl(['drain', 'gpu-0', '--ignore-daemonsets', '--delete-emptydir-data', '--force', `--timeout=${patience}s`]);
      } finally {
        await kubectl(['uncordon', 'gpu-0']);
      }
    },
    end: 'Finished',
    pods: 2,
    resumes: true,
  },
  {
    title: 'the engine out of memory on every try',
    name: 'out-of-memory',
    overlay: { runner: { ...(engineContainer({ resources: { limits: tooLittle, requests: tooLittle } }).runner as object), backoffLimit: 1 } },
    cause: async (scene) => {
      await scene.reaches('its failure', ({ status }) => /OOMKilled/.test(status?.conditions?.find(({ type }) => type === 'Failed')?.message ?? ''));
    },
    end: 'OutOfMemory',
    pods: 2,
  },
  {
    title: 'the engine killed -9 on a scratch disk',
    name: 'scratch',
    overlay: { runner: { scratch: { size: '1Gi', storageClassName: scratchClass } } },
    cause: onScratch,
    end: 'Finished',
    pods: 2,
  },
];

/** A guest of a higher class comes, stays until it runs, and leaves. */
async function takeAllGPUs(): Promise<void> {
  await apply({ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'e2e-faults-first' }, value: 1_000_000 }, namespace);
  try {
    await invite('guest', namespace, { gpus: 8, priorityClassName: 'e2e-faults-first' });
  } finally {
    await dismiss('guest', namespace);
    await kubectl(['delete', 'priorityclass', 'e2e-faults-first', '--ignore-not-found']);
  }
}

/** The claim is the PruneJob's; the volume it is bound to is a folder of this machine. */
async function onScratch(scene: Scene): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'stun-scratch-'));
  // The kubelet sets no group on a hostPath.
  await chmod(folder, 0o777);
  await apply(scratchVolume(folder), namespace);
  try {
    await killContainer(await atLayer(scene.name, namespace, 3));
    await scene.isReleased();
    await expectResumed(scene.name);
    await claimGoes(scene.name);
  } finally {
    await kubectl(['delete', 'pv', scratchClass, '--ignore-not-found', '--wait=false']);
    await rm(folder, { recursive: true, force: true });
  }
}

/** The finished pods hold it, so they go first: what their logs tell must have been read. */
async function claimGoes(name: string): Promise<void> {
  await kubectl(['patch', 'prunejob', name, '-n', namespace, '--type=merge', '-p', JSON.stringify({ spec: { ttlSecondsAfterFinished: 0 } })]);
  await waitFor('the claim to go', patience, async () => (await get('pvc', `${name}-scratch`, namespace)) === undefined);
}

function scratchVolume(path: string): object {
  const spec = { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, storageClassName: scratchClass, persistentVolumeReclaimPolicy: 'Retain', hostPath: { path, type: 'Directory' } };
  return { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: scratchClass }, spec };
}
