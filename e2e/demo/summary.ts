/** The demo's last screen: what changed, what the model says, where to look. */
import type { PruneJob } from '../lib/prunejob.ts';
import type { Story } from './follow.ts';
import type { ReadBack } from './readback.ts';
import { mebibytes, paragraph, table, title } from './screen.ts';

export interface Perplexities {
  readonly dense: number;
  readonly pruned: number;
}

export function summarise(story: Story, state: ReadBack, perplexity: Perplexities): void {
  title('What changed');
  table([
    ['GPUs', `${state.gpusBefore} -> ${state.gpusAfter}`],
    ...fromStatus(state.job),
    ['perplexity', `${perplexity.dense.toFixed(2)} -> ${perplexity.pruned.toFixed(2)} (held-out text, measured again by stun evaluate)`],
    ['published', `${state.uri} (${state.objects} objects, ${mebibytes(state.publishedBytes)})`],
    ['time by phase', times([...story.phases].map(([stage, seconds]) => ({ stage, seconds })))],
    ['time of the engine', times(state.job.status?.result?.stages ?? [])],
  ]);
}

function times(stages: readonly { readonly stage: string; readonly seconds: number }[]): string {
  return stages.map(({ stage, seconds }) => `${stage} ${seconds.toFixed(1)} s`).join(', ');
}

function fromStatus(job: PruneJob): [string, string][] {
  const result = job.status?.result;
  if (result === undefined) return [];
  const { bytesBefore = 0, bytesAfter = 0, expertsBefore = 0, expertsAfter = 0, sparsity = 0 } = result;
  return [
    ['bytes of weights', `${mebibytes(bytesBefore)} -> ${mebibytes(bytesAfter)}`],
    ['experts in each layer', `${expertsBefore} -> ${expertsAfter}`],
    ['overall sparsity', `${(sparsity * 100).toFixed(1)} % (zeros save no GPU memory: only fewer experts do)`],
  ];
}

export function completions(prompt: string, ...answers: (readonly [gpus: number, text: string])[]): void {
  title(`"${prompt}" ...`);
  table(answers.map(([gpus, text]) => [`on ${gpus} GPUs`, JSON.stringify(text)] as const));
}

export function lookAround(job: PruneJob, namespace: string): void {
  title('Look around');
  table([
    ['make cluster-shell', 'a shell in the cluster, where these work:'],
    [`kubectl get pj,isvc,deploy -n ${namespace}`, 'what there is'],
    [`kubectl describe pj ${job.metadata.name} -n ${namespace}`, 'the whole story'],
    ['make cluster-down', 'stop everything and leave nothing behind'],
  ]);
  paragraph('');
}
