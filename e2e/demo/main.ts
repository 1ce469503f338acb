/**
 * `make demo`: a model served on 4 GPUs, one `kubectl apply`, the same model pruned by STUN and served on 2.
 *
 * Ends with 0 only if the final state was read back from the API server, the bucket and the served model.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';

import { kubectl } from '../lib/kubectl.ts';
import { ensureNamespace } from '../lib/namespace.ts';
import type { PruneJob } from '../lib/prunejob.ts';
import * as s3 from '../lib/s3.ts';
import { complete, servedModel } from '../lib/service.ts';
import { follow, type Story } from './follow.ts';
import { checkPerplexity, readBack, type ReadBack } from './readback.ts';
import { paragraph, say, title } from './screen.ts';
import { completions, lookAround, summarise, type Perplexities } from './summary.ts';

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
  summarise(story, state, await measureAgain(sample, state));
  completions(prompt, [state.gpusBefore, before], [state.gpusAfter, after]);
  lookAround(state.job, namespace);
  paragraph(`gpus ${state.gpusBefore} -> ${state.gpusAfter}`);
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
  await ensureNamespace(namespace);
  say('uploading the model and its texts to the bucket');
  await s3.remove(sample.spec.output.uri);
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

/** `stun evaluate` knows nothing of the run: it must say what the run's own report says. */
async function measureAgain(sample: PruneJob, { job, uri }: ReadBack): Promise<Perplexities> {
  const reported = job.status?.result?.quality?.perplexity;
  const { quality, calibration, model } = sample.spec;
  if (reported === undefined || quality?.perplexity === undefined || calibration === undefined) {
    throw new Error(`${sampleFile} asks for no perplexity, or the status of its PruneJob has none.`);
  }
  const { samples } = quality.perplexity;
  const dense = await checkPerplexity(model.uri, reported.before, samples, calibration.sequenceLength);
  const pruned = await checkPerplexity(uri, reported.after, samples, calibration.sequenceLength);
  return { dense, pruned };
}

await main();
