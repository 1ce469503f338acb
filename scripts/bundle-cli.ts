/** Makes bin/kubectl-prune, one file that any Node from 20.19 on runs: copied onto the PATH it is `kubectl prune`; the link beside it completes that. */
import { chmod, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { build } from 'esbuild';
import { kubectlCompletion } from '../src/cli/completion.ts';
import { leaveOut } from './left-out.ts';

const banner = [
  // CommonJS packages inside an ESM bundle still call `require`; ESM has none.
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  // The runtime is written for Node 24; esbuild lowers the language for Node 20, not its library.
  'Promise.withResolvers ??= function () { let parts = {}; parts.promise = new this((resolve, reject) => Object.assign(parts, { resolve, reject })); return parts; };',
].join('\n');

const [outfile = 'bin/kubectl-prune'] = process.argv.slice(2);
await build({
  entryPoints: ['src/cli/main.ts'],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  minify: true,
  keepNames: true,
  legalComments: 'none',
  banner: { js: banner },
  alias: { punycode: 'punycode/' },
  plugins: [leaveOut],
  logLevel: 'warning',
});
await chmod(outfile, 0o755);
const completion = join(dirname(outfile), kubectlCompletion);
await rm(completion, { force: true });
await symlink(basename(outfile), completion);
