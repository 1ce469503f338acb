/**
 * The demo's word is worth what it can prove: every figure of its table is read back from where it is true.
 * The API server says what was decided, the Deployment and its pods what runs, the bucket what was published,
 * the served model what answers, and `stun evaluate` whether the report's perplexities are right.
 */
import assert from 'node:assert/strict';

import { kubectl } from '../lib/kubectl.ts';
import { isTrue, read, type PruneJob } from '../lib/prunejob.ts';
import * as s3 from '../lib/s3.ts';
import { podGPUs, running } from '../lib/service.ts';

interface Manifest {
  readonly runKey: string;
  readonly files: readonly { readonly name: string; readonly size: number }[];
}

export interface ReadBack {
  readonly job: PruneJob;
  readonly uri: string;
  readonly objects: number;
  readonly publishedBytes: number;
  readonly gpusBefore: number;
  readonly gpusAfter: number;
}

export async function readBack(name: string, namespace: string, service: string, gpusBefore: number): Promise<ReadBack> {
  const job = await read(name, namespace);
  assert(isTrue(job, 'Complete'), `PruneJob ${name} did not complete: ${JSON.stringify(job.status?.conditions)}`);
  const uri = job.status?.result?.uri;
  assert(uri !== undefined, `PruneJob ${name} has no result in its status.`);
  const gpusAfter = await whatRuns(service, namespace, uri);
  const published = await whatIsPublished(job, uri);
  await whatIsServed(service, namespace, job);
  return { job, uri, ...published, gpusBefore, gpusAfter };
}

async function whatRuns(service: string, namespace: string, uri: string): Promise<number> {
  const now = await running(service, namespace);
  assert(now !== undefined, `Deployment ${service}-predictor is gone.`);
  assert.equal(now.sourceUri, uri, 'The Deployment does not load the pruned model.');
  assert(now.settled, 'The Deployment is still rolling out.');
  assert.equal(now.pods.length, 1, 'A pod of the old model is still there.');
  for (const pod of now.pods) assert.equal(podGPUs(pod), now.gpus, `Pod ${pod.metadata.name} has another GPU limit.`);
  return now.gpus;
}

async function whatIsPublished(job: PruneJob, uri: string): Promise<{ objects: number; publishedBytes: number }> {
  assert.equal(await s3.digest(`${uri}stun-manifest.json`), job.status?.result?.manifestDigest, 'The manifest in the bucket is not the reported one.');
  const manifest = JSON.parse(await s3.cat(`${uri}stun-manifest.json`)) as Manifest;
  const stored = await s3.list(uri);
  const prefix = uri.replace(/^s3:\/\/[^/]+\//, '');
  const sizes = new Map(stored.map((object) => [object.key.slice(prefix.length), object.size]));
  for (const { name, size } of manifest.files) {
    assert.equal(sizes.get(name), size, `${uri}${name} does not have the size that the manifest names.`);
  }
  return { objects: stored.length, publishedBytes: stored.reduce((sum, object) => sum + object.size, 0) };
}

async function whatIsServed(service: string, namespace: string, job: PruneJob): Promise<void> {
  const config = await kubectl(['exec', '-n', namespace, `deployment/${service}-predictor`, '-c', 'kserve-container', '--', 'cat', '/mnt/models/config.json']);
  const { num_local_experts: experts } = JSON.parse(config) as { num_local_experts: number };
  assert.equal(experts, job.status?.result?.expertsAfter, 'The served model has another number of experts than the result.');
}

/** The report's perplexities against `stun evaluate`, which knows nothing of the run. */
export async function checkPerplexity(model: string, reported: number, samples: number, length: number): Promise<number> {
  const data = 's3://data/heldout.jsonl';
  const { perplexity } = await s3.engine<{ perplexity: number }>(
    'evaluate', '--model', model, '--data', data, '--samples', String(samples), '--length', String(length),
  );
  assert(Math.abs(perplexity / reported - 1) < 1e-3, `stun evaluate says perplexity ${perplexity} for ${model}, the report ${reported}.`);
  return perplexity;
}
