/** The program as the shell sees it: exit codes, and which stream says what. The bundle, because it starts ten times as fast as the sources. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'cli-main-'));
const program = join(folder, 'kubectl-prune');

beforeAll(() => {
  execFileSync(process.execPath, ['scripts/bundle-cli.ts', program]);
}, 120_000);

afterAll(() => {
  rmSync(folder, { recursive: true });
});

const facts = readFileSync(new URL('../prunejob/testing/shapes/mixtral-8x22b.json', import.meta.url), 'utf8');
const plan = ['plan', '--facts', '-', '--gpu-memory', '81559', '--max-model-len', '32768', '--max-concurrency', '8', '-o', 'json'];

describe('kubectl-prune', () => {
  it('ends quietly when nobody reads on', () => {
    const ended = spawnSync('bash', ['--norc', '-o', 'pipefail', '-c', `'${process.execPath}' '${program}' plan --help | true`], { encoding: 'utf8' });
    expect(ended.stderr).toBe('');
  });

  it('says that a full disk took its answer', () => {
    const ended = spawnSync('bash', ['--norc', '-c', `'${process.execPath}' '${program}' --help > /dev/full`], { encoding: 'utf8' });
    expect([ended.status, ended.stderr]).toEqual([1, expect.stringMatching(/^Standard output cannot be written \(.*ENOSPC.*\); make room, or send it elsewhere\.\n$/)]);
  });

  it.each([
    { name: 'a plan', args: plan, code: 0, out: /^\{"gpusBefore":8,"gpusAfter":4,.*\}\n$/, err: /^Warning: [^\n]*\n$/ },
    { name: 'a refused plan', args: [...plan, '--ratio', '0.9'], code: 2, out: /^$/, err: /^TooFewExperts: [^\n]*\n$/ },
    { name: 'help', args: ['--help'], code: 0, out: /^Usage: kubectl-prune COMMAND.* plan +what pruning/s, err: /^$/ },
    { name: 'help for a command', args: ['plan', '-h'], code: 0, out: /^Usage: kubectl-prune plan --facts/, err: /^$/ },
    { name: 'the version', args: ['--version'], code: 0, out: /^kubectl-prune [0-9]+\.[0-9]+\.[0-9]+\n$/, err: /^$/ },
    { name: 'no command', args: [], code: 2, out: /^Usage/, err: /^$/ },
    { name: 'a command misspelt', args: ['repot'], code: 2, out: /^$/, err: /^repot is no command of kubectl-prune\. Did you mean report\?\n$/ },
    { name: 'a cluster that is not known', args: ['watch', 'm', '--kubeconfig', '/none'], code: 1, out: /^$/, err: /^There is no kubeconfig at \/none, [^\n]*\n$/ },
    { name: 'a Tab', args: ['__complete', 'pl'], code: 0, out: /^plan\twhat pruning[^\n]*\n:4\n$/, err: /^$/ },
    { name: 'an unknown command', args: ['toString'], code: 2, out: /^$/, err: /^toString is no command of kubectl-prune\. See: kubectl-prune --help\n$/ },
  ])('ends with $code after $name', ({ args, code, out, err }) => {
    const ended = spawnSync(process.execPath, [program, ...args], { input: facts, encoding: 'utf8' });
    expect(ended.status).toBe(code);
    expect(ended.stdout).toMatch(out);
    expect(ended.stderr).toMatch(err);
  }, 60_000);
});
