/** Every PruneJob that the documentation shows is one that the API server takes, and so is every part of one. */
import { loadAll } from 'js-yaml';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { pages } from '../scripts/docs/pages.ts';
import { part, readCRD } from '../scripts/generate/schema.ts';
import { Api, specWith, type Fields } from './fixture.ts';

interface Shown {
  readonly path: string;
  readonly heading: string;
  readonly spec: Fields;
}

const fields = Object.keys(part(readCRD(), 'spec').properties ?? {});

const shown: Shown[] = pages.flatMap(({ path, blocks }) => blocks.filter(({ language }) => language === 'yaml').flatMap(({ heading, text }) => specsIn(text).map((spec) => ({ path, heading, spec }))));

function specsIn(text: string): Fields[] {
  return (loadAll(text) as Fields[]).map(specOf).filter((spec) => spec !== undefined);
}

/** A whole PruneJob as it stands; of a part, whether `spec` is written or not, the fields that it lacks are the minimal one's. */
function specOf({ kind, spec, ...others }: Fields): Fields | undefined {
  if (kind === 'PruneJob') return spec as Fields;
  if (kind !== undefined) return undefined;
  const written = (spec ?? others) as Fields;
  return Object.keys(written).every((field) => fields.includes(field)) ? { ...specWith({}), ...written } : undefined;
}

let api: Api;

beforeAll(async () => {
  api = await Api.start();
});

afterAll(async () => {
  await api.server.stop();
});

it('is found in the pages', () => {
  expect(shown.map(({ path }) => path)).toEqual(expect.arrayContaining(['README.md', 'docs/how-to/gitops-emit.md', 'docs/reference/endpoint-gate.md']));
});

it.each(shown)('$path, "$heading"', async ({ spec }) => {
  expect((await api.tryCreate(spec)).refusal).toBeUndefined();
});
