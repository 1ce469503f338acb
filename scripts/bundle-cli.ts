/** Makes bin/kubectl-prune, one file that any Node from 20.19 on runs: copied onto the PATH it is `kubectl prune`. */
import { chmod } from 'node:fs/promises';

import { build } from 'esbuild';

const [outfile = 'bin/kubectl-prune'] = process.argv.slice(2);
await build({ entryPoints: ['src/cli/main.ts'], outfile, bundle: true, platform: 'node', format: 'esm', target: 'node20', legalComments: 'none', logLevel: 'warning' });
await chmod(outfile, 0o755);
