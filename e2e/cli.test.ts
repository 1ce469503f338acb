/** `kubectl prune` as a user has it: found by kubectl on the PATH, one command from the PruneJob to its end, and the report from the bucket. */
import { execFile } from 'node:child_process';
import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { emptyNamespace, freshNamespace } from './lib/namespace.ts';
import { read, samplePruneJob } from './lib/prunejob.ts';
import * as s3 from './lib/s3.ts';

const namespace = 'e2e-cli';
const model = 's3://models/cli/tiny-moe/';
const output = 's3://models/cli/pruned/';

/** bin/ is what `make node` makes. */
const path = `${fileURLToPath(new URL('../bin', import.meta.url))}${delimiter}${process.env.PATH ?? ''}`;

async function prune(args: readonly string[], input = ''): Promise<string> {
  const child = promisify(execFile)('kubectl', ['prune', ...args, '-n', namespace], { env: { ...process.env, PATH: path }, maxBuffer: 2 ** 24 });
  child.child.stdin?.end(input);
  return (await child).stdout;
}

beforeAll(async () => {
  await freshNamespace(namespace);
  await s3.put('engine/fixture/model', model);
  await s3.put('engine/fixture/data/', 's3://data/');
});

afterAll(async () => {
  await emptyNamespace(namespace);
  await s3.remove('s3://models/cli/');
});

describe('kubectl prune', () => {
  it('runs a PruneJob to its end and shows the report of what it published', async () => {
    const job = await samplePruneJob('by-hand', { model: { uri: model }, output: { uri: output }, serving: undefined });
    const told = await prune(['run', '-f', '-', '--watch'], JSON.stringify(job));
    expect(told).toMatch(/^prunejob\.stun-operator\.io\/by-hand created\n/);
    expect(told).toMatch(/ Complete=True Finished: The pruned model is published at s3:\/\/models\/cli\/pruned\//);

    const page = await prune(['report', 'by-hand', '-o', 'html']);
    expect(page).toMatch(/^<!doctype html>/i);
    const { runKey } = (await read('by-hand', namespace)).status ?? {};
    expect(JSON.parse(await prune(['report', 'by-hand', '-o', 'json']))).toMatchObject({ runKey });
  });

  it('ends with the sentence of a run that failed', async () => {
    const job = await samplePruneJob('hopeless', { model: { uri: 's3://models/cli/nothing/' }, output: { uri: output }, serving: undefined });
    const ended = prune(['run', '-f', '-', '--watch'], JSON.stringify(job));
    await expect(ended).rejects.toMatchObject({ code: 1, stdout: expect.stringMatching(/ Failed=True ModelNotFound: /) as string });
  });

  it('completes the names of PruneJobs for kubectl', async () => {
    const { stdout } = await promisify(execFile)('kubectl', ['__complete', 'prune', 'watch', '-n', namespace, 'by'], { env: { ...process.env, PATH: path } });
    expect(stdout).toBe('by-hand\tComplete\n:4\n');
  });
});
