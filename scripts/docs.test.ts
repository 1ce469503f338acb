/** The documentation keeps up with the repository: links lead somewhere, commands, targets and paths that it names exist, its blocks parse. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { load, loadAll } from 'js-yaml';
import { expect, test } from 'vitest';

import { pages, parse, root, type Page } from './docs/pages.ts';
import { part, readCRD, type Schema } from './generate/schema.ts';

type Values = Readonly<Record<string, unknown>>;

const targets = [...readFileSync(`${root}Makefile`, 'utf8').matchAll(/^([a-z0-9-]+):.*##/gm)].map(([, target = '']) => target);
/** What `make` or a deployment brings is not here yet. */
const places = /(?<![\w./-])((?:charts|crds|docs|e2e|engine|manifests|scripts|src)\/[\w./-]*\w\/?|(?:README|ARCHITECTURE|CONTRIBUTING|CHANGELOG|SECURITY)\.md)(?![\w*<{/-])/g;

/**
 * Pages, or folders of them, whose blocks for a shell no test runs as a whole, each with the reason. Wherever they stand, lines of
 * `kubectl prune` are parsed by src/cli/docs.test.ts, those of `stun` by engine/tests/test_docs.py, and every block is a shell's language.
 */
const notRun: Readonly<Record<string, string>> = {
  'README.md': 'builds images and pushes them to a registry; e2e/lib/install-operator installs by the same chart',
  'docs/how-to/air-gap.md': 'copies from the internet into a network that has none',
  'docs/how-to/choose-a-recipe.md': 'reads a bucket of the reader',
  'docs/operations.md': 'helm acts on the installation of the reader, as e2e/upgrade.test.ts does in the local cluster; its kubectl is run',
  'docs/reference/cli.md': 'only lines of kubectl prune',
  'docs/reference/gpu-plan.md': 'reads a bucket of the reader; its table is held in src/prunejob/gpu/what-if.test.ts',
  'docs/tutorial.md': 'needs a GPU and a model of the reader; make demo does the same in the local cluster, and its kubectl is run',
};
/** The others, with the test that runs them; crds/docs-commands.test.ts says which lines it leaves out. */
const run: Readonly<Record<string, string>> = {
  'docs/how-to/argocd.md': 'e2e/argocd/lib/page.ts',
  'docs/how-to/gitops-emit.md': 'e2e/emit.test.ts',
  'docs/how-to/sign-models.md': 'engine/tests/test_docs.py',
  'docs/how-to/kueue.md': 'e2e/kueue/lib/page.ts',
  'docs/how-to/storage.md': 'engine/tests/test_docs.py',
  'docs/reference/failures.md': 'crds/docs-commands.test.ts',
  'docs/reference/serving.md': 'crds/docs-commands.test.ts',
  'docs/runbooks/': 'crds/docs-commands.test.ts',
};

const shellBlocks = (page: Page): string[] => page.blocks.filter(({ language }) => language === 'sh').map(({ text }) => text);
const code = (page: Page): string[] => [...page.spans, ...shellBlocks(page)];
const isDocumentation = ({ path }: Page): boolean => path === 'README.md' || path.startsWith('docs/');

test.each(pages)('links of $path lead somewhere', ({ path, links, anchors }) => {
  expect(links.filter((link) => !/^\w+:/.test(link) && !leads(path, link, anchors))).toEqual([]);
});

function leads(from: string, link: string, own: readonly string[]): boolean {
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? from : normalize(join(dirname(from), file));
  if (anchor === undefined) return existsSync(root + target);
  return (file === '' ? own : (pages.find(({ path }) => path === target)?.anchors ?? [])).includes(anchor);
}

test.each(pages.filter((page) => code(page).length > 0))('targets of make and paths that $path names exist', (page) => {
  const named = code(page).flatMap((text) => [...text.matchAll(/(?:^|[\s&(])make ([a-z][a-z0-9-]*)/gm)].map(([, target = '']) => target));
  expect(named.filter((target) => !targets.includes(target))).toEqual([]);
  const paths = code(page).flatMap((text) => [...text.matchAll(places)].map(([, path = '']) => path));
  expect(paths.filter((path) => !existsSync(root + path) && !existsSync(join(root, dirname(page.path), path)))).toEqual([]);
});

const [spec, status] = [part(readCRD(), 'spec'), part(readCRD(), 'status')];
const values = load(readFileSync(`${root}charts/stun-operator/values.yaml`, 'utf8')) as Values;

test.each(pages.filter(isDocumentation))('fields of a PruneJob and values of the chart that $path names exist', (page) => {
  const named = code(page).flatMap((text) => [...text.matchAll(/(?<![\w./-])\.?(?:spec\.)?([a-z]\w*(?:\.\w+)+)(?![\w/]|\.\w|\()/g)].map(([, path = '']) => path));
  expect(named.filter((path) => !exists(path.split('.')))).toEqual([]);
});

/** Of another thing's path nothing is known: only what begins like one of ours is looked at. */
function exists(path: readonly string[]): boolean {
  const [first = '', ...rest] = path;
  if (first === 'status') return hasField(status, rest);
  if (first in (spec.properties ?? {})) return hasField(spec, path);
  // A pod has one of this name too.
  return first === 'securityContext' || !(first in values) || hasValue(values, path);
}

function hasField(schema: Schema, [field, ...rest]: readonly string[]): boolean {
  if (field === undefined || schema['x-kubernetes-preserve-unknown-fields'] === true) return true;
  const below = (schema.items ?? schema).properties?.[field];
  return below !== undefined && hasField(below, rest);
}

/** An empty one may hold anything. */
function hasValue(below: unknown, [key, ...rest]: readonly string[]): boolean {
  if (key === undefined || (typeof below === 'object' && below !== null && Object.keys(below).length === 0)) return true;
  return typeof below === 'object' && below !== null && key in below && hasValue((below as Values)[key], rest);
}

test.each(pages.filter((page) => shellBlocks(page).length > 0))('blocks for a shell in $path are a shell\'s language', (page) => {
  for (const block of shellBlocks(page)) execFileSync('bash', ['-n'], { input: block });
});

test.each(pages.flatMap(({ path, blocks }) => blocks.filter(({ language }) => language === 'yaml').map(({ heading, text }) => ({ path, heading, text }))))('YAML in $path under "$heading" parses', ({ text }) => {
  expect(loadAll(text).length).toBeGreaterThan(0);
});

test('every page of the documentation can be reached from its index', () => {
  const index = pages.find(({ path }) => path === 'docs/README.md');
  const linked = new Set((index?.links ?? []).map((link) => normalize(join('docs', link.split('#')[0] ?? ''))));
  const hidden = pages.filter((page) => isDocumentation(page) && page !== index && !linked.has(page.path) && !linked.has(`${dirname(page.path)}/`));
  expect(hidden.map(({ path }) => path)).toEqual([]);
});

test('what no test runs is listed, with a reason', () => {
  const withCommands = pages.filter((page) => isDocumentation(page) && shellBlocks(page).length > 0).map(({ path }) => path);
  const listed = Object.keys({ ...notRun, ...run });
  const covers = (entry: string, path: string): boolean => (entry.endsWith('/') ? path.startsWith(entry) : path === entry);
  expect(withCommands.filter((path) => !listed.some((entry) => covers(entry, path)))).toEqual([]);
  expect(Object.values(run).filter((path) => !existsSync(root + path))).toEqual([]);
  expect(listed.filter((entry) => !withCommands.some((path) => covers(entry, path)))).toEqual([]);
});

test.each([
  ['a heading in a block is none', '```sh\n# no\n```\n# Yes: a `b` & c\n', { anchors: ['yes-a-b--c'] }],
  ['headings that come again are numbered', '# A\n## A\n', { anchors: ['a', 'a-1'] }],
  ['a link in code is none', '`[a](b)` [c](d.md#e)\n', { links: ['d.md#e'] }],
  ['a block knows its heading', '# A\n```sh\nls\n```\n', { blocks: [{ language: 'sh', heading: 'A', text: 'ls\n' }] }],
])('%s', (_, text, expected) => {
  expect(parse('page.md', text)).toMatchObject(expected);
});
