/**
 * The health checks, from the tables of upstream's format (health_test.yaml), in the Lua that Argo CD's users get.
 *
 * Upstream's own tests open every library and so pass scripts that fail once they are put into argocd-cm.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runLua } from './lua.ts';

interface Health {
  readonly status: string;
  readonly message: string;
}
interface HealthCase {
  readonly healthStatus: Health;
  readonly inputPath: string;
}

const here = fileURLToPath(new URL('.', import.meta.url));
const tables = readdirSync(here, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('/health_test.yaml'));

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'stun-health-'));
});
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

test('there are tables to run', () => {
  expect([...tables].sort()).toEqual(['serving.kserve.io/InferenceService/health_test.yaml', 'serving.kserve.io/LLMInferenceService/health_test.yaml', 'stun-operator.io/PruneJob/health_test.yaml']);
});

describe.each(tables)('%s', (table) => {
  const folder = join(here, dirname(table));
  const { tests } = load(readFileSync(join(here, table), 'utf8')) as { tests: HealthCase[] };

  test.each(tests)('$inputPath is $healthStatus.status', ({ inputPath, healthStatus }) => {
    const object = load(readFileSync(join(folder, inputPath), 'utf8'));
    expect(runLua(join(folder, 'health.lua'), object)).toEqual(healthStatus);
  });

  test('every sample is in the table', () => {
    const used = tests.map(({ inputPath }) => inputPath).sort();
    expect(readdirSync(join(folder, 'testdata')).map((name) => `testdata/${name}`).sort()).toEqual(used);
  });
});

test.each([
  ['the string library', 'string.find(obj.kind, "P")'],
  ['a method of a string', '(obj.kind):find("P")'],
  ['files', 'io.open("/etc/hostname")'],
])('a script that uses %s fails here, as it would in Argo CD', (_, expression) => {
  const script = join(scratch, 'open.lua');
  writeFileSync(script, `local found = ${expression}\nreturn {status = "Healthy", message = ""}`);
  expect(() => runLua(script, { kind: 'PruneJob' })).toThrow(/attempt to (index|call)/);
});
