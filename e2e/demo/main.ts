/**
 * `make demo`: a model served on 4 GPUs, one `kubectl apply`, the same model pruned by STUN and served on 2.
 *
 * Ends with 0 only if the final state was read back from the API server, the bucket and the served model.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';

import { kubectl } from '../lib/kubectl.ts';
import type { PruneJob } from '../lib/prunejob.ts';
import * as s3 from '../lib/s3.ts';
import { complete, servedModel } from '../lib/service.ts';
import { follow, type Story } from './follow.ts';
import { checkPerplexity, readBack, type ReadBack } from './readback.ts';
import { mebibytes, paragraph, say, table, title } from './screen.ts';

const namespace = 'demo';
const service = 'tiny-moe';
const prompt = 'And it came to pass';
const serviceFile = fileURLToPath(new URL('../../manifests/samples/inferenceservice.yaml', import.meta.url));
const sampleFile = fileURLToPath(new URL('../../manifests/samples/prunejob.yaml', import.meta.url));

async function main(): Promise<void> {
  const sample = load(await readFile(sampleFile, 'utf8')) as PruneJob;
  await introduce();
  const gpusBefore = await prepare(sample);
  const before = await complete(service, namespace, prompt);
  const story = await prune(sample);
  const state = await readBack(sample.metadata.name, namespace, service, gpusBefore);
  const after = await complete(service, namespace, prompt);
  await summarise(sample, story, state);
  completions([state.gpusBefore, before], [state.gpusAfter, after]);
  lookAround(state);
  paragraph(`\ngpus ${state.gpusBefore} -> ${state.gpusAfter}`);
}

async function introduce(): Promise<void> {
  const label = ['get', 'nodes', '-o', 'jsonpath={.items[0].metadata.labels.nvidia\\.com/gpu\\.memory}'];
  title('STUN on a real cluster, at the scale of this machine');
  paragraph(
    [
      'Real: the API server, the scheduler, the kubelet and its containers, KServe, the S3 server, the model, every byte.',
      `Scale model: the "GPUs" are cards of ${await kubectl(label)} MiB that the node declares (label nvidia.com/gpu.memory), so that`,
      'a small model needs several of them; the engine computes on the CPU, and the CPU server ignores the GPUs it was given.',
      'So the plan, the requests, the limits, the scheduling and the bytes are real; the speed of a GPU is not shown.',
    ].join('\n'),
  );
  paragraph('');
}

/** Gives the GPUs that the service really runs on before anything is pruned. */
async function prepare(sample: PruneJob): Promise<number> {
  say('uploading the model and its texts to the bucket');
  await s3.remove(sample.spec.output?.uri ?? 's3://models/pruned/');
  await s3.put('engine/fixture/model', sample.spec.model.uri);
  await s3.put('engine/fixture/data/', 's3://data/');
  await kubectl(['delete', 'prunejob', sample.metadata.name, '-n', namespace, '--ignore-not-found', '--wait']);
  say(`kubectl apply -f manifests/samples/inferenceservice.yaml`);
  await kubectl(['apply', '-n', namespace, '-f', serviceFile]);
  const { gpus } = await servedModel(service, namespace, sample.spec.model.uri);
  say(`${sample.spec.model.uri} is served on ${gpus} GPUs`);
  return gpus;
}

async function prune(sample: PruneJob): Promise<Story> {
  say('kubectl apply -f manifests/samples/prunejob.yaml');
  await kubectl(['apply', '-n', namespace, '-f', sampleFile]);
  return follow(sample.metadata.name, namespace, 900);
}

async function summarise(sample: PruneJob, story: Story, state: ReadBack): Promise<void> {
  const { plan, result } = state.job.status ?? {};
  const perplexity = result?.quality?.perplexity;
  if (plan === undefined || perplexity === undefined) throw new Error('The PruneJob has no plan or no perplexity in its status.');
  const samples = sample.spec.quality?.perplexity?.samples ?? 0;
  const length = sample.spec.calibration?.sequenceLength ?? 0;
  const dense = await checkPerplexity(sample.spec.model.uri, perplexity.before, samples, length);
  const pruned = await checkPerplexity(state.uri, perplexity.after, samples, length);
  title('What changed');
  table([
    ['GPUs', `${state.gpusBefore} -> ${state.gpusAfter}`],
    ['bytes of weights', `${mebibytes(plan.bytesBefore ?? 0)} -> ${mebibytes(plan.bytesAfter ?? 0)}`],
    ['experts in each layer', `${result?.expertsBefore ?? '?'} -> ${result?.expertsAfter ?? '?'}`],
    ['overall sparsity', `${((result?.sparsity ?? 0) * 100).toFixed(1)} % (zeros save no GPU memory: only fewer experts do)`],
    ['perplexity', `${dense.toFixed(2)} -> ${pruned.toFixed(2)} (held-out text, measured again by stun evaluate)`],
    ['published', `${state.uri} (${state.objects} objects, ${mebibytes(state.publishedBytes)})`],
    ['time', [...story.phases].map(([phase, seconds]) => `${phase} ${seconds.toFixed(0)} s`).join(', ')],
  ]);
}

function completions(...answers: (readonly [gpus: number, text: string])[]): void {
  title(`"${prompt}" ...`);
  table(answers.map(([gpus, text]) => [`on ${gpus} GPUs`, JSON.stringify(text)] as const));
}

function lookAround(state: ReadBack): void {
  title('Look around');
  paragraph(
    [
      '  make cluster-shell                              a shell in the cluster',
      `  kubectl get pj,isvc,deploy -n ${namespace}`,
      `  kubectl describe pj ${state.job.metadata.name} -n ${namespace}`,
      '  make cluster-down                               stop everything and leave nothing behind',
    ].join('\n'),
  );
}

await main();
