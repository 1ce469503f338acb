/** The commands against a real API server: what they create, follow, ask for, and what they say when it says no. */
import { execFileSync } from 'node:child_process';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { findTool } from '../../scripts/tools.ts';
import { prunedUri } from '../prunejob/testing/builders.ts';
import { eventually, when } from '../runtime/testing/eventually.ts';
import { startCuttingProxy } from '../runtime/testing/cutting-proxy.ts';
import { withCluster } from './cluster.ts';
import { complete as completion } from './complete.ts';
import { commands } from './commands.ts';
import { report } from './report.ts';
import { rollback } from './rollback.ts';
import { run } from './run.ts';
import { CliApi } from './testing/api.ts';
import { writtenLines } from './testing/docs.ts';
import { complete, failed, pruning } from './testing/jobs.ts';
import { call, nothing, terminalOf, type Given, type Said } from './testing/terminal.ts';
import { watch, watchRun } from './watch.ts';

const ref = { apiVersion: 'serving.kserve.io/v1beta1', kind: 'InferenceService', name: 'mixtral' };
const spec = { model: { uri: 's3://models/m/' }, pruning: { targetGPUs: 4 }, output: { uri: 's3://models/pruned/' }, serving: { ref } };
const flagged = ['--model', 's3://models/m/', '--output-uri', 's3://models/pruned/'];

let api: CliApi;
let withoutCRD: Said;

beforeAll(async () => {
  api = await CliApi.start();
  withoutCRD = await call(watch, ['mixtral', ...api.flags()]);
  await api.installCRD();
});

afterAll(() => api.stop());

describe('run', () => {
  it('creates what the flags say', async () => {
    const { out, code } = await call(run, ['flagged', ...flagged, '--target-gpus=4', '--service=isvc/mixtral', ...api.flags()]);
    expect([out, code]).toEqual(['prunejob.stun-operator.io/flagged created\n', 0]);
    expect((await api.read('flagged'))?.spec).toMatchObject({ ...spec, runner: { gpus: 1 } });
  });

  it('creates what the file says, in the namespace of -n', async () => {
    const file = JSON.stringify({ apiVersion: 'stun-operator.io/v1alpha1', kind: 'PruneJob', metadata: { name: 'filed' }, spec });
    const { out } = await call(run, ['-f', '-', '-o', 'json', ...api.flags()], { files: { '-': file } });
    expect(JSON.parse(out)).toMatchObject({ metadata: { name: 'filed', namespace: 'ml' }, spec: { runner: { activeDeadline: '6h' } } });
  });

  it('keeps nothing of a dry run that the server checks', async () => {
    const { out } = await call(run, ['dry', ...flagged, '--ratio=0.5', '--dry-run=server', ...api.flags()]);
    expect(out).toBe('prunejob.stun-operator.io/dry created (server dry run)\n');
    expect(await api.read('dry')).toBeUndefined();
  });

  it.each(writtenLines.filter(({ words }) => words[0] === 'run' && !words.includes('-f')))('takes what $page says: $line', async ({ words }) => {
    const flags = words.slice(1).filter((word) => word !== '--watch' && !word.startsWith('--dry-run'));
    expect(await call(run, [...flags, '--dry-run=server', ...api.flags()])).toMatchObject({ code: 0, failed: '', refused: '' });
  });

  it.each([
    { name: 'a second of one name', args: ['flagged', ...flagged, '--ratio=0.5'], says: /"flagged" already exists\. One PruneJob is one run, so another run takes another name/ },
    { name: 'what a rule of the CRD refuses', args: ['m', ...flagged, '--target-gpus=4'], says: /targetGPUs counts the GPUs of a service; write serving/ },
    { name: 'a field that does not exist', args: ['-f', '-'], says: /unknown field "spec\.modle"/ },
  ])('passes on the refusal of $name', async ({ args, says }) => {
    const file = JSON.stringify({ apiVersion: 'stun-operator.io/v1alpha1', kind: 'PruneJob', metadata: { name: 'typo' }, spec: { ...spec, modle: {} } });
    expect(await call(run, [...args, ...api.flags()], { files: { '-': file } })).toMatchObject({ code: 1, failed: expect.stringMatching(says) as string });
  });

  it('names a namespace that does not exist', async () => {
    const { failed: says } = await call(run, ['m', ...flagged, '--ratio=0.5', '--kubeconfig', api.server.kubeconfig, '-n', 'nowhere']);
    expect(says).toBe('Namespace nowhere does not exist in the cluster of context test. Create it, or write another with -n.');
  });

  it('goes on to watch', async () => {
    const said = nothing();
    const running = call(run, ['watched', ...flagged, '--ratio=0.5', '--watch', ...api.flags()], {}, said);
    await eventually('it is created', () => api.read('watched'));
    await api.writeStatus('watched', complete);
    expect((await running).code).toBe(0);
    expect(said.out).toMatch(/^prunejob\.stun-operator\.io\/watched created\n.* Complete=True Complete: The service runs it/s);
  });
});

/** Starts to watch a new PruneJob; `said` fills up meanwhile. */
async function watching(name: string, more: readonly string[] = [], given: Given = {}, flags = api.flags()) {
  await api.create(name, spec);
  const said = nothing();
  const ended = call(watch, [name, ...more, ...flags], given, said);
  await api.writeStatus(name, pruning);
  await eventually('the progress is told', () => when(said.out.includes('58')));
  return { said, ended };
}

describe('watch', () => {
  it.each([{ status: complete, code: 0, says: 'Complete=True' }, { status: failed, code: 1, says: 'Failed=True QualityRefused: Perplexity rises by 9 %' }])('ends with $code after $status.phase', async ({ status, code, says }) => {
    const { said, ended } = await watching(`ends-${code}`);
    await api.writeStatus(`ends-${code}`, status);
    expect((await ended).code).toBe(code);
    expect(said.out).toMatch(/^[0-9TZ:-]+ Planned=True Planned: Ratio 0\.25/m);
    expect(said.out).toContain(says);
  });

  it('ends when the PruneJob is deleted', async () => {
    const { said, ended } = await watching('deleted');
    await api.remove('deleted');
    expect((await ended).code).toBe(1);
    expect(said.out).toMatch(/ The PruneJob was deleted\.\n$/);
  });

  it('ends when the PruneJob was deleted before the first look', async () => {
    await api.create('gone', spec);
    const job = await api.read('gone');
    await api.remove('gone');
    const said = nothing();
    const terminal = terminalOf({}, said);
    expect(await withCluster({ namespace: 'ml', kubeconfig: api.server.kubeconfig }, terminal, (cluster) => watchRun(cluster, job!, terminal, 'screen'))).toBe(1);
    expect(said.out).toMatch(/ The PruneJob was deleted\.\n$/);
  });

  it('ends by Ctrl-C, and leaves the run alone', async () => {
    const stop = new AbortController();
    const { ended } = await watching('stopped', [], { stop: stop.signal });
    const before = await api.read('stopped');
    stop.abort();
    expect(await ended).toMatchObject({ code: 130, err: 'The run goes on without you. To look again: kubectl prune watch stopped -n ml\n' });
    expect(await api.read('stopped')).toEqual(before);
  });

  it('goes on through connections that break and a server that is away', async () => {
    await using proxy = await startCuttingProxy(api.port);
    const { said, ended } = await watching('cut', [], {}, api.flags(api.kubeconfigAt(proxy.port)));
    proxy.close();
    await eventually('it is told', () => when(said.err.includes(' does not answer; trying again.\n')));
    await api.writeStatus('cut', complete);
    proxy.open();
    expect((await ended).code).toBe(0);
    expect(said.out).toContain('Complete=True');
  });

  it('draws one screen in place, and leaves the last one there', async () => {
    const { said, ended } = await watching('drawn', [], { screen: { columns: 100, rows: 40, colour: true } });
    expect(said.out).toContain('\u001b[?1049h');
    expect(said.out).toContain('\u001b[36m● Pruned');
    await api.writeStatus('drawn', complete);
    await ended;
    expect(said.out.split('\u001b[?1049l')[1]).toMatch(/ml\/drawn {3}Complete.*✓ Complete.*GPUs +8→4\n.*ppl 3\.1/s);
  });

  it('tells programs a line of JSON a change', async () => {
    const { said, ended } = await watching('json', ['-o', 'json']);
    await api.writeStatus('json', complete);
    await ended;
    const phases = said.out.trimEnd().split('\n').map((line) => (JSON.parse(line) as { status?: { phase: string } }).status?.phase);
    // The first look may come before the first status.
    expect(phases.filter((phase) => phase !== undefined)).toEqual(['Pruning', 'Complete']);
  });
});

describe('rollback', () => {
  const asked = async (name: string) => (await api.read(name))?.spec.serving?.rollbackRequested;

  beforeAll(async () => {
    for (const name of ['yes', 'no', 'nobody', 'awaited', 'lost']) {
      await api.create(name, spec);
      await api.writeStatus(name, complete);
    }
  });

  it('says what will happen, and does it when told so', async () => {
    const { code, asked: question, err, out } = await call(rollback, ['yes', ...api.flags()], { answer: 'y' });
    expect([code, question]).toEqual([0, 'Roll back? [y/N] ']);
    expect(err).toBe('InferenceService mixtral goes back to s3://models/tiny-moe/ on 8 GPUs, by Canary. yes stays Complete, and its published model stays where it is.\n');
    expect(out).toBe('prunejob.stun-operator.io/yes rollback requested\n');
    expect(await asked('yes')).toBe(true);
  });

  it.each([{ name: 'no', given: { answer: '' }, code: 1, says: 'Nothing was changed.' }, { name: 'nobody', given: {}, code: 2, says: 'Nobody is there to confirm it; add --yes.' }])('changes nothing where the answer is $name', async ({ name, given, code, says }) => {
    const said = await call(rollback, [name, ...api.flags()], given);
    expect([said.code, said.failed + said.refused]).toEqual([code, says]);
    expect(await asked(name)).toBeUndefined();
  });

  it.each([{ name: 'awaited', status: 'True' as const, code: 0 }, { name: 'lost', status: 'False' as const, code: 1 }])('waits, and ends with $code when RolledBack is $status', async ({ name, status, code }) => {
    const running = call(rollback, [name, '--yes', '--wait', '-o', 'json', ...api.flags()]);
    await eventually('it is asked for', async () => when((await asked(name)) === true));
    const told = { type: 'RolledBack', status, reason: 'PutBack', message: 'Told.', lastTransitionTime: '2026-01-01T00:00:00Z' };
    await api.writeStatus(name, { ...complete, phase: 'RolledBack', conditions: [...(complete.conditions ?? []), told] });
    const { code: ended, out } = await running;
    const phases = out.trimEnd().split('\n').map((line) => (JSON.parse(line) as { status: { phase: string } }).status.phase);
    expect([ended, phases]).toEqual([code, ['Complete', 'RolledBack']]);
  });

  it('has nothing to do twice', async () => {
    expect((await call(rollback, ['yes', '--yes', ...api.flags()])).failed).toMatch(/^The rollback of yes was asked for already\./);
  });
});

describe('report', () => {
  it('says that there is none yet', async () => {
    await api.create('early', spec);
    expect((await call(report, ['early', ...api.flags()])).failed).toMatch(/^PruneJob early has published no model, so there is no report \(phase Pending\)\./);
  });

  it('gives the command that copies it from a claim, which kubectl and Pod Security take', async () => {
    await api.server.kubectl('label', 'namespace', 'ml', 'pod-security.kubernetes.io/enforce=restricted');
    await api.create('claimed', spec);
    await api.writeStatus('claimed', { ...complete, result: { uri: prunedUri.replace('s3://models', 'pvc://disk') } });
    expect(await call(report, ['claimed', '-o', 'json', ...api.flags()])).toMatchObject({ code: 1, out: '', failed: expect.stringMatching(/which only a pod can read\. This copies it: kubectl run/) as string });
    const { out, err, code } = await call(report, ['claimed', ...api.flags()]);
    expect([code, err]).toEqual([0, expect.stringMatching(/^pvc:\/\/disk\/pruned\/.*stun-report\.html lies on a claim/) as string]);
    const dryRun = out.replace('--rm --attach --quiet', '--dry-run=server -o json').replace(/ > 'stun-report\.html'\n$/, '');
    const made = execFileSync('bash', ['--norc', '-c', dryRun], { encoding: 'utf8', env: { PATH: `${dirname(findTool('kubectl'))}:${process.env.PATH ?? ''}`, KUBECONFIG: api.server.kubeconfig, KUBECACHEDIR: dirname(api.server.kubeconfig) } });
    expect(JSON.parse(made)).toMatchObject({ spec: { containers: [{ command: ['cat', '/models/pruned/tiny-moe/0123456789abcdef/stun-report.html'], volumeMounts: [{ name: 'models' }] }], volumes: [{ persistentVolumeClaim: { claimName: 'disk' } }] } });
  });
});

describe('what the cluster says no to', () => {
  it('is a CRD that is not installed', () => {
    expect(withoutCRD).toMatchObject({ code: 1, failed: expect.stringMatching(/^The cluster of context test knows no PruneJob: the CRD prunejobs\.stun-operator\.io is not installed\. Install the operator/) as string });
  });

  it('is a PruneJob that is not there', async () => {
    expect((await call(watch, ['flaged', ...api.flags()])).failed).toBe('There is no PruneJob flaged in namespace ml. Did you mean flagged?');
    expect((await call(watch, ['x', '-n', 'default', '--kubeconfig', api.server.kubeconfig])).failed).toMatch(/^There is no PruneJob x in namespace default\. It has none at all;/);
  });

  it('is somebody without rights', async () => {
    const nobody = api.flags(await api.kubeconfigOfNobody());
    expect((await call(watch, ['flagged', ...nobody])).failed).toMatch(/User "system:serviceaccount:ml:nobody" cannot get resource.*\. Ask whoever looks after the cluster for this right; kubectl auth can-i --list -n ml shows/);
    expect((await call(run, ['m', ...flagged, '--ratio=0.5', ...nobody])).failed).toMatch(/cannot create resource "prunejobs"/);
    await api.server.kubectl('-n', 'ml', 'create', 'role', 'reader', '--verb=get', '--resource=prunejobs.stun-operator.io');
    await api.server.kubectl('-n', 'ml', 'create', 'rolebinding', 'reader', '--role=reader', '--serviceaccount=ml:nobody');
    await eventually('it may be read, and not be followed', async () => when(/cannot list resource "prunejobs"/.test((await call(watch, ['flagged', ...nobody])).failed)));
  });

  it('is nobody, where no server listens', async () => {
    expect((await call(watch, ['m', ...api.flags(api.kubeconfigAt(1))])).failed).toMatch(/did not answer GET .*ECONNREFUSED.*\. Check that the cluster of context test runs, that this machine reaches https:\/\/127\.0\.0\.1:1, and that the kubeconfig's credentials work\.$/);
  });
});

it('completes the names that there are, with their phases', async () => {
  const said = nothing();
  await completion(commands, ['watch', ...api.flags(), 'ends-'], terminalOf({}, said));
  expect(said.out).toBe('ends-0\tComplete\nends-1\tFailed\n:4\n');
  await completion(commands, ['watch', '--kubeconfig=/none', ''], terminalOf({}, said));
  expect(said.out).toMatch(/:4\n:4\n$/);
});
