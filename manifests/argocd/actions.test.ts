/** The actions, from the tables of upstream's format (action_test.yaml), in the Lua that Argo CD's users get. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { runLua } from './lua.ts';

interface Table {
  readonly discoveryTests: readonly { readonly inputPath: string; readonly result: readonly { readonly name: string; readonly disabled: boolean }[] }[];
  readonly actionTests: readonly { readonly action: string; readonly inputPath: string; readonly expectedOutputPath: string }[];
}

const folder = fileURLToPath(new URL('stun-operator.io/PruneJob/actions/', import.meta.url));
const read = (path: string): unknown => load(readFileSync(join(folder, path), 'utf8'));
const { discoveryTests, actionTests } = read('action_test.yaml') as Table;

describe('the actions that are offered', () => {
  test.each(discoveryTests)('of $inputPath', ({ inputPath, result }) => {
    expect(runLua(join(folder, 'discovery.lua'), read(inputPath))).toEqual(Object.fromEntries(result.map(({ name, disabled }) => [name, { disabled }])));
  });

  test('are those that there is a script and a test for', () => {
    const scripts = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory() && entry.name !== 'testdata').map(({ name }) => name).sort();
    expect(Object.keys(runLua(join(folder, 'discovery.lua'), read('testdata/new.yaml')) as object).sort()).toEqual(scripts);
    expect([...new Set(actionTests.map(({ action }) => action))].sort()).toEqual(scripts);
  });
});

describe('an action', () => {
  test.each(actionTests)('$action makes $expectedOutputPath of $inputPath', ({ action, inputPath, expectedOutputPath }) => {
    const result = runLua(join(folder, action, 'action.lua'), read(inputPath));
    expect(Array.isArray(result) ? result.map(impacted) : result).toEqual(read(expectedOutputPath));
  });

  test('every sample is in the table', () => {
    const used = [...discoveryTests, ...actionTests].flatMap((row) => ['expectedOutputPath' in row ? row.expectedOutputPath : row.inputPath, row.inputPath]);
    expect(readdirSync(join(folder, 'testdata')).map((name) => `testdata/${name}`).sort()).toEqual([...new Set(used)].sort());
  });
});

/** As upstream's tables write what a script returns for more than its own object. */
function impacted({ operation, resource }: { readonly operation: string; readonly resource: unknown }): object {
  return { k8sOperation: operation, unstructuredObj: resource };
}
