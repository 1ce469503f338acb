import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

import { copyFromClaim } from './claim-copy.ts';

it.each(['pvc://models/pruned/m/stun-report.html', "pvc://models/a'$(touch pwned)'/it's.html", 'pvc://models/`touch pwned`;touch pwned/r e.html'])('runs nothing but kubectl for %s', (uri) => {
  const folder = mkdtempSync(join(tmpdir(), 'claim-copy-'));
  try {
    // What a shell makes of the line: kubectl prints its last argument.
    execFileSync('bash', ['-c', `kubectl() { printf %s "\${@: -1}"; }\n${copyFromClaim(uri, 'ml')}`], { cwd: folder });
    const [, path = ''] = /^pvc:\/\/models\/(.*)$/.exec(uri) ?? [];
    expect(readdirSync(folder)).toEqual([path.split('/').at(-1)]);
    expect(execFileSync('cat', [join(folder, path.split('/').at(-1) ?? '')], { encoding: 'utf8' })).toBe(`/models/${path}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
