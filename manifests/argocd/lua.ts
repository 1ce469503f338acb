/** Runs a Lua script as Argo CD does: with the libraries that its users get, not all those that upstream's own tests open. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runTool } from '../../scripts/tools.ts';

const closed = fileURLToPath(new URL('closed.lua', import.meta.url));

/** What the script returns of this object. */
export function runLua(script: string, object: unknown): unknown {
  const scratch = mkdtempSync(join(tmpdir(), 'stun-lua-'));
  try {
    const input = join(scratch, 'object.lua');
    writeFileSync(input, `return ${toLua(object)}`);
    return JSON.parse(runTool('lua5.1', [closed, script, input]));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** As Argo CD hands objects over: null is nil, lists count from 1. */
function toLua(value: unknown): string {
  if (value === null || value === undefined) return 'nil';
  if (Array.isArray(value)) return `{${value.map(toLua).join(', ')}}`;
  if (typeof value === 'object') return `{${Object.entries(value).map(([key, item]) => `[${quoted(key)}] = ${toLua(item)}`).join(', ')}}`;
  return typeof value === 'string' ? quoted(value) : JSON.stringify(value);
}

function quoted(text: string): string {
  return JSON.stringify(text).replaceAll('\\n', '\\\n');
}
