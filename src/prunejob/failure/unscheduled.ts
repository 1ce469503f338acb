/** Why no node takes a pod: the scheduler's own sentence, and what to do about each part of it. */
import { condition, type Pod } from '../kube.ts';

interface Row {
  readonly name: string;
  readonly text: RegExp;
  readonly remedy: string;
}

/** A sentence of the scheduler's counts nodes by reason, so several rows may be meant. */
export const refusals: readonly Row[] = [
  { name: 'no free GPU', text: /Insufficient nvidia\.com\/gpu/, remedy: 'The pod starts when a GPU is free.' },
  { name: 'too little CPU, memory or disk', text: /Insufficient (cpu|memory|ephemeral-storage)/, remedy: 'Lower the requests in runner.podTemplate, or add a node with more.' },
  { name: 'untolerated taint', text: /untolerated taint|that the pod didn't tolerate/, remedy: 'Tolerate the taint in runner.podTemplate, or remove it from the node.' },
  { name: 'cordoned', text: /node\(s\) were unschedulable/, remedy: 'kubectl uncordon lets a node take pods again.' },
  { name: 'affinity or selector', text: /didn't match Pod's node affinity\/selector/, remedy: 'Compare the nodes\' labels with runner.gpuProducts and with what runner.podTemplate selects.' },
  { name: 'claim missing', text: /persistentvolumeclaim "[^"]*" not found/, remedy: 'Create the claim, or correct the pvc:// URI that names it.' },
  { name: 'claim unbound', text: /unbound immediate PersistentVolumeClaims/, remedy: 'Look at the claim (kubectl describe pvc): its storage class may be wrong or out of room.' },
  { name: 'claim on another node', text: /volume node affinity conflict/, remedy: 'The claim\'s volume lies where no node fits the pod: free that node, or use a storage class that binds late or moves.' },
  { name: 'too many pods', text: /Too many pods/, remedy: 'Add a node, or remove pods.' },
];

export function unscheduledBecause(pods: readonly Pod[]): string | undefined {
  const refused = pods.map(({ status }) => condition(status?.conditions, 'PodScheduled')).find((scheduled) => scheduled?.status === 'False');
  if (refused === undefined) return undefined;
  if (refused.reason === 'SchedulingGated') return 'The pod waits for its scheduling gates; whoever set them, a queue for example, removes them.';
  const said = (refused.message ?? refused.reason ?? '').replace(/[.\s]*$/, '');
  const remedies = refusals.filter(({ text }) => text.test(said)).map(({ remedy }) => remedy);
  return [`No node takes the pod yet: ${said}.`, ...remedies].join(' ');
}
