/** The engine at work, asked by its own /progress: the tests and the pods share a network. */
import { kubectl, list } from './kubectl.ts';
import { waitFor } from './wait.ts';
import { runningPod, type Pod } from './containers.ts';
import { stagePods } from './history.ts';
import { patience } from './patience.ts';

const answerWithinMs = 2_000;

interface Progress {
  readonly layer: number | null;
}

/** The pod that prunes, once it works on this layer or a later one. */
export async function atLayer(pruneJob: string, namespace: string, layer: number): Promise<Pod> {
  const pod = await runningPod(namespace, stagePods(pruneJob, 'prune'));
  await waitFor(`the engine of ${pruneJob} to reach layer ${layer}`, patience, async () => ((await progress(pod))?.layer ?? 0) >= layer);
  return pod;
}

/** Undefined until it listens. A pod that ends leaves its connections open: without a limit the answer were waited for in vain. */
async function progress(pod: Pod): Promise<Progress | undefined> {
  const response = await fetch(`http://${pod.status?.podIP ?? ''}:8080/progress`, { signal: AbortSignal.timeout(answerWithinMs) }).catch(() => undefined);
  return (await response?.json().catch(() => undefined)) as Progress | undefined;
}

export async function enginePods(pruneJob: string, namespace: string): Promise<Pod[]> {
  const pods = await list<Pod>('pods', namespace, stagePods(pruneJob, 'prune'));
  return pods.sort((a, b) => (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? ''));
}

/** The first layer that this pod's log tells of; Infinity if all were done before it. */
export async function firstLayer(pod: Pod | undefined, namespace: string): Promise<number> {
  const log = await kubectl(['logs', pod?.metadata.name ?? '', '-n', namespace]);
  const lines = log.split('\n').filter((line) => line.startsWith('{"runKey"'));
  return Math.min(...lines.map((line) => (JSON.parse(line) as Progress).layer ?? Infinity));
}
