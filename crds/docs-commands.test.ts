/** The documentation's kubectl lines, run one after the other against a real API server with a PruneJob in it: they name what is there. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { pages, type Page } from '../scripts/docs/pages.ts';
import { binaries } from '../scripts/tools.ts';
import { Api, pruneJob, serving, specWith, type Fields } from './fixture.ts';

const run = promisify(execFile);

/** What an API server alone cannot answer, each with the reason; the rest of a line behind a pipe is not run either. */
const notHere: readonly (readonly [RegExp, string])[] = [
  [/^kubectl[ -]prune /, 'a line of the plug-in: src/cli/docs.test.ts and src/cli/cli.api.test.ts'],
  [/inferenceservices?\b/, "KServe's kind is not installed here; e2e patches and reads it"],
  [/-n argocd |-f apps\/|servicemonitors/, 'Argo CD and the Prometheus operator are not installed here; e2e/argocd commits the Applications'],
  [/--from-file=signing/, 'needs the keys of the line before it: engine/tests/test_docs.py makes them'],
  [/queue\.yaml/, 'Kueue is not installed here; e2e/kueue applies it'],
  [/deployment\/| top /, 'no Deployment runs here, and nothing measures it'],
  [/auth can-i/, "the chart's roles are not installed here: charts/rights.api.test.ts"],
  [/delete (crd|prunejobs --all)/, 'would take away what the next line needs: e2e/lib/install-operator brings the CRD'],
  [/\$PRUNEJOB|--local|kustomize/, 'docs/how-to/gitops-emit.md, which e2e/emit.test.ts runs'],
];

/** Lines that go on after a backslash are one. */
function commandsOf({ blocks }: Page): string[] {
  const text = blocks.filter(({ language }) => language === 'sh').map((block) => block.text.replace(/\\\n\s*/g, '')).join('');
  const lines = text.split('\n').filter((line) => line.startsWith('kubectl '));
  return lines.filter((line) => !notHere.some(([pattern]) => pattern.test(line))).map((line) => line.replace(/ +(#|\|) .*$/, ''));
}

const documented = pages.filter(({ path }) => path.startsWith('docs/')).map((page) => ({ path: page.path, commands: commandsOf(page) })).filter(({ commands }) => commands.length > 0);

let api: Api;

beforeAll(async () => {
  api = await Api.start();
  await api.server.kubectl('create', 'namespace', 'stun-operator');
  await create('/apis/coordination.k8s.io/v1/namespaces/stun-operator/leases', { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'stun-operator' } });
});

afterAll(async () => {
  await api.server.stop();
});

it('most pages have some', () => {
  expect(documented.map(({ path }) => path)).toEqual(expect.arrayContaining(['docs/tutorial.md', 'docs/reference/failures.md', 'docs/runbooks/PruneJobStalled.md']));
});

it.each(documented)('$path', async ({ path, commands }) => {
  const namespace = await populated(path);
  for (const command of commands) await shell(command.replace(/-n (ml|NAMESPACE)\b/, `-n ${namespace}`).replace(/\bNAME\b/g, 'mixtral-first').replace(/\bSERVICE\b/g, 'mixtral').replace(/\bKIND\b/g, 'deployment'), namespace);
});

/** A namespace of its own for every page, with the PruneJobs and the service that the pages name. */
async function populated(path: string): Promise<string> {
  const namespace = path.replace(/^docs\/|\.md$/g, '').toLowerCase().replace(/[^a-z]+/g, '-');
  await api.server.kubectl('create', 'namespace', namespace);
  await api.server.kubectl('-n', namespace, 'create', 'deployment', 'mixtral', '--image=vllm');
  for (const name of ['mixtral-first', 'mixtral-plan']) {
    await create(`/apis/stun-operator.io/v1alpha1/namespaces/${namespace}/prunejobs`, { ...pruneJob(name, specWith({ serving })), metadata: { name } });
  }
  return namespace;
}

async function create(path: string, object: Fields): Promise<void> {
  const { code, body } = await api.server.call('POST', path, object);
  expect(code, JSON.stringify(body)).toBe(201);
}

/** A line that names no namespace means the reader's current one. */
async function shell(command: string, namespace: string): Promise<void> {
  const here = / -n | --all-namespaces| -A /.test(command) ? command : command.replace(/^kubectl/, `kubectl -n ${namespace}`);
  const env = { ...process.env, KUBECONFIG: api.server.kubeconfig, PATH: `${binaries}:${process.env.PATH ?? ''}` };
  await run('bash', ['-euc', here], { env });
}
