/**
 * Makes everything that follows from the CRD, and the references of the command line and of the metrics. `node scripts/generate.ts` writes, `--check` only compares and fails on drift.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

import { commands } from '../src/cli/commands.ts';
import { chartTemplate } from './generate/chart.ts';
import { cliReference } from './generate/cli.ts';
import { metricsReference } from './generate/metrics.ts';
import { reference } from './generate/reference.ts';
import { readCRD, readCRDText, root } from './generate/schema.ts';
import { types } from './generate/types.ts';

async function generated(): Promise<Record<string, string>> {
  const crd = readCRD();
  return {
    'src/api/v1alpha1/prunejob.generated.ts': await types(crd),
    'docs/reference/prunejob.md': reference(crd),
    'docs/reference/cli.md': cliReference(commands),
    'docs/reference/metrics.md': metricsReference(),
    'charts/stun-operator/templates/crds/stun-operator.io_prunejobs.yaml': chartTemplate(readCRDText(), crd),
  };
}

function current(path: string): string | undefined {
  try {
    return readFileSync(new URL(path, root), 'utf8');
  } catch {
    return undefined;
  }
}

function write(path: string, content: string): void {
  const file = fileURLToPath(new URL(path, root));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

const stale = Object.entries(await generated()).filter(([path, content]) => current(path) !== content);
if (!process.argv.includes('--check')) {
  for (const [path, content] of stale) write(path, content);
} else if (stale.length > 0) {
  console.error(`${stale.map(([path]) => path).join(', ')} ${stale.length === 1 ? 'differs from what it is' : 'differ from what they are'} generated from; run: node scripts/generate.ts`);
  process.exitCode = 1;
}
