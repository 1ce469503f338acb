/** The command as a user calls it, on the facts of Mixtral-8x22B; the numbers are derived in gpu-what-if.test.ts. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { plan } from './plan.ts';
import { call } from './testing/terminal.ts';

const shapes = new URL('../prunejob/testing/shapes/', import.meta.url);
const mixtral = readFileSync(new URL('mixtral-8x22b.json', shapes), 'utf8');
const sizing = ['--gpu-memory', '81559', '--max-model-len', '32768', '--max-concurrency', '8'];
const usual = ['--facts', 'facts.json', ...sizing];

const run = (args: readonly string[], files: Readonly<Record<string, string>> = { 'facts.json': mixtral }) => call(plan, args, { files });

const planned = { gpusBefore: 8, gpusAfter: 4, gpusPeak: 16, ratio: 0.25, bytesBefore: 281_241_268_224, bytesAfter: 213_594_157_056, kvTokensBefore: 1_308_545, kvTokensAfter: 336_133 };

describe('the plan as JSON', () => {
  it.each([
    { name: 'for a ratio', args: ['--ratio', '0.25'], expected: planned },
    { name: 'for a target', args: ['--target-gpus=4'], expected: planned },
    { name: 'for neither', args: [], expected: planned },
    { name: 'by Surge', args: ['--ratio', '0.25', '--strategy', 'Surge'], expected: { ...planned, gpusPeak: 12 } },
    // 85 520 809 984 · 0.95 − 2 GiB = 79 097 285 836.8 a GPU; four leave 79.10 − 281.24/4 = 8 786 968 780.8 = 153 232 tokens dense, so
    // still 8 before; with 7, 79.10 − 247.42/4 = 17 242 857 676.8 / 57 344 = 300 691.
    { name: 'with other shares of the card', args: ['--utilization', '0.95', '--overhead-per-gpu', '2048'], expected: { gpusBefore: 8, gpusAfter: 4, ratio: 0.125, kvTokensAfter: 300_691 } },
    { name: 'with a multiple', args: ['--multiple-of', '4'], expected: { gpusAfter: 4, ratio: 0.5 } },
  ])('$name', async ({ args, expected }) => {
    const { out, code } = await run([...usual, ...args, '-o', 'json']);
    expect(JSON.parse(out)).toMatchObject(expected);
    expect(Object.keys(JSON.parse(out) as object)).toEqual(Object.keys(planned));
    expect(code).toBe(0);
  });

  it('warns beside it, not in it', async () => {
    expect((await run([...usual, '-o', 'json'])).err).toMatch(/^Warning: vLLM compiles its routing kernels for 1, 2, 4, 8 experts a layer; 6 take/);
  });

  it('reads standard input, and the last line of what the engine prints', async () => {
    const { out } = await run(['--facts', '-', ...sizing, '-o=json'], { '-': `a line before\n${mixtral}` });
    expect(JSON.parse(out)).toEqual(planned);
  });
});

describe('the plan as a table', () => {
  it('says what it saves, and what fewer GPUs would need', async () => {
    const { out, code } = await run([...usual, '--ratio', '0.25']);
    expect(out).toMatchInlineSnapshot(`
      "MixtralForCausalLM on GPUs of 79.65 GiB, 262,144 tokens asked (32768 × 8)

                             before        after
      GPUs                        8            4
      experts a layer             8            6
      weights            261.93 GiB   198.93 GiB
      KV cache, tokens    1,308,545      336,133

      Ratio 0.25 takes it from 8 GPUs to 4 and saves 96 GPU-hours a day. The rollout by Canary takes up to 16.
      4 GPUs at ratio >= 0.25 (6 experts a layer)
      2 GPUs at ratio >= 0.75 (2 experts a layer)
      "
    `);
    expect(code).toBe(0);
  });
});

describe('a refusal', () => {
  it('of a plan comes with the plan, in the words of the flags', async () => {
    const { out, refused } = await run([...usual, '--ratio', '0.125', '-o', 'json']);
    expect(refused).toMatch(/^NoGPUSaved: .*The smallest --ratio that saves GPUs is 0\.25 \(6 experts\)\.$/);
    expect(JSON.parse(out)).toMatchObject({ gpusBefore: 8, gpusAfter: 8, ratio: 0.125 });
  });

  it('of a plan is told in the table too', async () => {
    const { out, refused } = await run([...usual, '--target-gpus', '8']);
    expect(out).toContain('Ratio 0 leaves it on 8 GPUs.\n4 GPUs at ratio >= 0.25');
    expect(refused).toMatch(/^AlreadyFits: .*--target-gpus 8\. Ask for fewer\.$/);
  });

  it.each([
    { name: 'too large a ratio', args: [...usual, '--ratio', '0.9'], says: /^TooFewExperts: .*Set --ratio to at most 0\.75\.$/ },
    { name: 'a target out of reach', args: [...usual, '--target-gpus', '1'], says: /^TooFewExperts: .*Raise --target-gpus, or lower --max-model-len or --max-concurrency\.$/ },
    { name: 'a missing flag', args: usual.slice(0, 4), says: /^--max-model-len is missing\. See: kubectl-prune plan --help$/ },
    { name: 'no facts', args: sizing, says: /^--facts is missing\./ },
    { name: 'a flag that does not exist', args: [...usual, '--gpus', '4'], says: /^Unknown option '--gpus'.*--help$/ },
    { name: 'a ratio of 1', args: [...usual, '--ratio', '1'], says: /^--ratio 1 is not a share above 0 and below 1/ },
    { name: 'half a GPU', args: [...usual, '--target-gpus', '0.5'], says: /^--target-gpus 0\.5 is not a whole number, 1 or more\.$/ },
    { name: 'memory with a unit', args: ['--facts', 'facts.json', '--gpu-memory', '80Gi', ...sizing.slice(2)], says: /^--gpu-memory 80Gi is not a whole number of MiB; write 81559/ },
    { name: 'more than the whole card', args: [...usual, '--utilization', '1.1'], says: /^--utilization 1\.1 is not a share above 0 and up to 1\.$/ },
    { name: 'less than no overhead', args: [...usual, '--overhead-per-gpu=-1'], says: /^--overhead-per-gpu -1 is not/ },
    { name: 'an empty number', args: [...usual, '--ratio', ''], says: /^--ratio {2}is not/ },
    { name: 'another format', args: [...usual, '-o', 'yaml'], says: /^--output yaml is not one of table, json\.$/ },
    { name: 'another strategy', args: [...usual, '--strategy', 'Blue'], says: /^--strategy Blue is not one of Canary, Surge, Recreate\.$/ },
    { name: 'a file that is not there', args: ['--facts', 'other.json', ...sizing], says: /^other\.json cannot be read \(no such file\)\. Make it with: stun inspect/ },
  ])('of $name', async ({ args, says }) => {
    expect(await run(args)).toMatchObject({ code: 2, out: '', refused: expect.stringMatching(says) as string });
  });

  it.each([
    { name: 'no JSON', text: 'Traceback', says: /^facts\.json is no JSON object\. Make it/ },
    { name: 'the engine\'s error', text: '{"kind":"Error","reason":"ModelNotFound","message":"s3://m/ holds no model."}', says: /an error of the engine: s3:\/\/m\/ holds no model\.$/ },
    { name: 'facts of another release', text: JSON.stringify({ ...(JSON.parse(mixtral) as object), slidingLayers: undefined, kvHeads: 0, bytes: {} }), says: /lacks kvHeads, slidingLayers, bytes\.experts, bytes\.routers, bytes\.total\. Make it/ },
  ])('of a file that holds $name', async ({ text, says }) => {
    expect(await run(usual, { 'facts.json': text })).toMatchObject({ code: 2, out: '', refused: expect.stringMatching(says) as string });
  });
});
