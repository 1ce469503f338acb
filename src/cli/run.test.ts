/** What `run` makes of its flags and files, without a cluster: --dry-run=client prints it. */
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';

import { run } from './run.ts';
import { call } from './testing/terminal.ts';

const model = ['--model', 's3://models/m/', '--output-uri', 's3://models/pruned/'];
const dry = ['--dry-run=client', '-o', 'json'];

async function specOf(...args: readonly string[]): Promise<unknown> {
  const { out, refused } = await call(run, ['m', ...model, ...args, ...dry]);
  return refused === '' ? (JSON.parse(out) as { spec: unknown }).spec : refused;
}

describe('flags become a spec', () => {
  it('with nothing that was not said', async () => {
    expect(await specOf('--ratio', '0.25')).toEqual({ model: { uri: 's3://models/m/' }, pruning: { experts: { ratio: 0.25 } }, output: { uri: 's3://models/pruned/' } });
  });

  it.each([
    { args: ['--target-gpus', '4'], makes: { pruning: { targetGPUs: 4 } } },
    { args: ['--ratio', '0.25', '--target-sparsity', '0.4'], makes: { pruning: { targetSparsity: 0.4, experts: { ratio: 0.25 } } } },
    { args: ['--target-gpus=4', '--service', 'isvc/mixtral'], makes: { serving: { ref: { apiVersion: 'serving.kserve.io/v1beta1', kind: 'InferenceService', name: 'mixtral' } } } },
    { args: ['--target-gpus=4', '--service', 'Deployment/vllm', '--strategy', 'Surge'], makes: { serving: { ref: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'vllm' }, strategy: 'Surge' } } },
    { args: ['--target-gpus=4', '--service', 'llmisvc/chat'], makes: { serving: { ref: { apiVersion: 'serving.kserve.io/v1alpha2', kind: 'LLMInferenceService', name: 'chat' } } } },
    { args: ['--target-gpus=4', '--service', 'isvc/mixtral', '--max-model-len', '32768', '--max-concurrency', '8'], makes: { serving: { sizing: { maxModelLen: 32768, maxConcurrency: 8 } } } },
    { args: ['--ratio=0.5', '--calibration', 's3://data/c.jsonl'], makes: { calibration: { uri: 's3://data/c.jsonl', samples: 128, sequenceLength: 2048 } } },
    { args: ['--ratio=0.5', '--perplexity', 's3://data/h.jsonl', '--max-increase', '0.1'], makes: { quality: { perplexity: { uri: 's3://data/h.jsonl', samples: 64, maxIncrease: 0.1 } } } },
    { args: ['--ratio=0.5', '--service-account', 'pruner', '--queue', 'gpu', '--gpu-product', 'A', '--gpu-product', 'B'], makes: { runner: { serviceAccountName: 'pruner', queueName: 'gpu', gpuProducts: ['A', 'B'] } } },
    { args: ['--ratio=0.5', '--plan-only'], makes: { planOnly: true } },
  ])('$args', async ({ args, makes }) => {
    expect(await specOf(...args)).toMatchObject(makes);
  });

  it('that can be written into Git as YAML', async () => {
    const { out, code } = await call(run, ['m', ...model, '--ratio=0.25', '-n', 'ml', '--dry-run=client', '-o', 'yaml']);
    expect(load(out)).toMatchObject({ apiVersion: 'stun-operator.io/v1alpha1', kind: 'PruneJob', metadata: { name: 'm', namespace: 'ml' } });
    expect([code, out.startsWith('apiVersion:')]).toEqual([0, true]);
  });

  it('or only be named', async () => {
    expect((await call(run, ['m', ...model, '--ratio=0.25', '--dry-run=client'])).out).toBe('prunejob.stun-operator.io/m created (dry run)\n');
  });
});

describe('refused', () => {
  it.each([
    { name: 'nothing to prune', args: ['m', ...model], says: /^Nothing says how much to prune; write --target-gpus N, --ratio R or/ },
    { name: 'no model', args: ['m', '--output-uri', 's3://o/'], says: /^--model is missing, and so is -f FILE\. See: kubectl-prune run --help$/ },
    { name: 'no name', args: [...model, '--ratio=0.5'], says: /^Neither -f FILE nor a name for the run is given\./ },
    { name: 'two names', args: ['a', 'b', ...model], says: /^a b are 2 names; give one\./ },
    { name: 'a share that is a percentage', args: ['m', ...model, '--ratio', '25'], says: /^--ratio 25 is not a share above 0 and below 1, such as 0\.25\.$/ },
    { name: 'a sparsity of 1', args: ['m', ...model, '--target-sparsity', '1'], says: /^--target-sparsity 1 is not a share above 0 and up to 0\.99; for 40 % write 0\.40\.$/ },
    { name: 'a service without a kind', args: ['m', ...model, '--target-gpus=4', '--service', 'mixtral'], says: /^--service mixtral is not KIND\/NAME with one of isvc, deploy, llmisvc, such as isvc\/mixtral, in the namespace of the PruneJob\.$/ },
    { name: 'a service of another namespace', args: ['m', ...model, '--target-gpus=4', '--service', 'isvc/ml/mixtral'], says: /^--service isvc\/ml\/mixtral is not KIND\/NAME/ },
    { name: 'a limit of no gate', args: ['m', ...model, '--ratio=0.5', '--max-increase', '0.1'], says: /^--max-increase 0\.1 is about what --perplexity names, which is not given; add --perplexity URI\.$/ },
    { name: 'samples of nothing', args: ['m', ...model, '--ratio=0.5', '--samples', 'abc'], says: /^--samples abc is about what --calibration names/ },
    { name: 'a format that there is not, before anything is created', args: ['m', ...model, '--ratio=0.5', '-o', 'table'], says: /^--output table is not one of name, json, yaml\.$/ },
    { name: 'a name that a variable left empty', args: ['', ...model, '--ratio=0.5'], says: /^"" is no name of a PruneJob: write small letters/ },
    { name: 'a strategy without a service', args: ['m', ...model, '--ratio=0.5', '--strategy', 'Surge'], says: /^--strategy says how a service moves; name it with --service KIND\/NAME\.$/ },
    { name: 'a size of no service', args: ['m', ...model, '--ratio=0.5', '--max-concurrency', '8'], says: /^--max-concurrency says what a service must still take; name it with --service KIND\/NAME\.$/ },
    { name: 'half a token', args: ['m', ...model, '--ratio=0.5', '--service=isvc/m', '--max-model-len', '0.5'], says: /^--max-model-len 0\.5 is not a whole number, 1 or more\.$/ },
    { name: 'watching a dry run', args: ['m', ...model, '--ratio=0.5', '--watch', '--dry-run=server'], says: /^A dry run starts nothing that --watch could follow/ },
    { name: 'another dry run', args: ['m', ...model, '--ratio=0.5', '--dry-run=yes'], says: /^--dry-run yes is not one of none, client, server\.$/ },
    { name: 'a file and flags', args: ['m', '-f', 'one.yaml', '--ratio', '0.5', '--samples', '9'], says: /^The file says all of the PruneJob, so m, --ratio, --samples cannot be given beside -f/ },
    { name: 'a file that is not there', args: ['-f', 'none.yaml'], says: /^none\.yaml cannot be read \(no such file\); write the path of a file, or - for standard input\.$/ },
    { name: 'a file that is no YAML', args: ['-f', 'broken.yaml'], says: /^broken\.yaml is neither YAML nor JSON \(/ },
    { name: 'two objects', args: ['-f', 'two.yaml'], says: /^two\.yaml holds 2 objects; write one PruneJob\. For several: kubectl apply -f two\.yaml$/ },
    { name: 'an empty file', args: ['-f', '-'], says: /^Standard input holds 0 objects; write one PruneJob\./ },
    { name: 'another kind', args: ['-f', 'other.yaml'], says: /^other\.yaml holds Pod of v1, and only a PruneJob of stun-operator\.io\/v1alpha1 is created here\./ },
    { name: 'a list', args: ['-f', 'list.yaml'], says: /^list\.yaml holds no Kubernetes object, and only/ },
    { name: 'no name in the file', args: ['-f', 'nameless.yaml'], says: /^nameless\.yaml has no metadata\.name; give the run a name\.$/ },
    { name: 'another namespace than the file\'s', args: ['-f', 'one.yaml', '-n', 'other'], says: /^The file says namespace ml, and -n says other; leave one of them out\.$/ },
  ])('$name', async ({ args, says }) => {
    const head = 'apiVersion: stun-operator.io/v1alpha1\nkind: PruneJob\n';
    const one = `${head}metadata: {name: m, namespace: ml}\n`;
    const files = { 'one.yaml': one, 'two.yaml': `${one}---\n${one}`, '-': '', 'other.yaml': 'apiVersion: v1\nkind: Pod\n', 'list.yaml': '- 1\n', 'nameless.yaml': head, 'broken.yaml': '{' };
    expect(await call(run, args, { files })).toMatchObject({ code: 2, out: '', refused: expect.stringMatching(says) as string });
  });
});
