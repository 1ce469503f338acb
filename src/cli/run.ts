/** `kubectl-prune run`: creates a PruneJob from a file or from flags. */
import { apiVersion, kind } from '../api/names.ts';
import type { PruneJob } from '../api/v1alpha1/prunejob.ts';
import { clusterFlags, withCluster, type Cluster } from './cluster.ts';
import { exitCodes, Refused, type Command, type Terminal, type FlagTable } from './command.ts';
import { formatFlag, parseWithName, seeHelp, wordFlag, type Values } from './flags.ts';
import { readManifest, type Manifest } from './manifest.ts';
import { objectFormats, objectText } from './print.ts';
import { pruneJobType } from './prune-jobs.ts';
import { specFlags } from './run-flags.ts';
import { specOf } from './run-spec.ts';
import { watchRun } from './watch.ts';

const dryRuns = ['none', 'client', 'server'] as const;

const flags = {
  filename: { type: 'string', short: 'f', value: 'FILE', text: 'YAML or JSON of one PruneJob, instead of the flags below; - reads standard input', file: true },
  ...specFlags,
  'dry-run': { type: 'string', value: 'WHERE', default: 'none', text: 'client: only print it; server: let the API server check it, and keep nothing', words: dryRuns },
  watch: { type: 'boolean', short: 'w', text: 'then follow the run until it is over' },
  output: { type: 'string', short: 'o', value: 'FORMAT', default: 'name', text: 'name, json or yaml', words: objectFormats },
  ...clusterFlags,
} as const satisfies FlagTable;

const described = {
  name: 'run',
  summary: 'create a PruneJob',
  usage: ['-f FILE [--dry-run=server] [--watch]', 'NAME --model URI --output-uri URI --target-gpus N --service KIND/NAME [FLAGS]'],
  about: `Creates a PruneJob, from a file or from flags. With --dry-run=client -o yaml it writes the file that the flags stand for, for Git.
What the flags cannot say, the file can: docs/reference/prunejob.md`,
  flags,
  examples: [
    'kubectl prune run -f prunejob.yaml --watch',
    'kubectl prune run mixtral-8x22b-q4 --model s3://models/Mixtral-8x22B-v0.1/ --output-uri s3://models/pruned/ --target-gpus 4 --service isvc/mixtral --max-model-len 32768 --max-concurrency 8 --service-account pruner --watch',
    'kubectl prune run mixtral-8x22b-q4 --model s3://models/Mixtral-8x22B-v0.1/ --output-uri s3://models/pruned/ --ratio 0.25 --dry-run=client -o yaml > prunejob.yaml',
  ],
  exits: 'Exit code 0 when it was created (with --watch: when the run is Complete), 1 when the cluster said no or the run Failed, 2 for a wrong command line, 130 for Ctrl-C.',
} as const;

type Given = Values<typeof flags>;

export const run: Command = {
  ...described,
  run(args, terminal) {
    const { name, flags: given } = parseWithName(described, args);
    const dryRun = wordFlag('dry-run', given['dry-run'], dryRuns);
    // Before anything is created: who is told that the command was wrong runs it again.
    formatFlag(given.output, objectFormats);
    if (given.watch === true && dryRun !== 'none') throw new Refused('A dry run starts nothing that --watch could follow; leave one of them out.');
    const manifest = given.filename === undefined ? fromFlags(name, given) : fromFile(name, given, terminal);
    if (dryRun === 'client') return print(manifest, given, terminal, 'created (dry run)');
    return withCluster(given, terminal, (cluster) => create(cluster, manifest, given, terminal));
  },
};

function fromFlags(name: string | undefined, given: Given): Manifest {
  if (name === undefined) throw new Refused(`Neither -f FILE nor a name for the run is given. ${seeHelp(described)}`);
  const metadata = { name, ...(given.namespace === undefined ? {} : { namespace: given.namespace }) };
  return { apiVersion, kind, metadata, spec: specOf(given) };
}

function fromFile(name: string | undefined, given: Given, terminal: Terminal): Manifest {
  const extra = Object.keys(specFlags).filter((flag) => isGiven(flag as keyof typeof specFlags, given));
  if (name !== undefined || extra.length > 0) {
    const what = [...(name === undefined ? [] : [name]), ...extra.map((flag) => `--${flag}`)].join(', ');
    throw new Refused(`The file says all of the PruneJob, so ${what} cannot be given beside -f; write it into the file.`);
  }
  const manifest = readManifest(given.filename ?? '', terminal);
  const { namespace } = manifest.metadata;
  if (namespace !== undefined && given.namespace !== undefined && namespace !== given.namespace) {
    throw new Refused(`The file says namespace ${namespace}, and -n says ${given.namespace}; leave one of them out.`);
  }
  return manifest;
}

function isGiven(flag: keyof typeof specFlags, given: Given): boolean {
  const { default: standard } = specFlags[flag] as { readonly default?: string };
  return given[flag] !== undefined && given[flag] !== standard;
}

async function create(cluster: Cluster, manifest: Manifest, given: Given, terminal: Terminal): Promise<number> {
  const dryRun = given['dry-run'] === 'server';
  const namespace = manifest.metadata.namespace ?? cluster.namespace;
  const object = { ...manifest, metadata: { ...manifest.metadata, namespace } };
  const created = await cluster.client.create<PruneJob>(pruneJobType, object as unknown as PruneJob, { strict: true, dryRun });
  if (given.watch !== true || given.output !== 'json') print(created, given, terminal, dryRun ? 'created (server dry run)' : 'created');
  if (given.watch !== true) return exitCodes.done;
  return watchRun({ ...cluster, namespace }, created, terminal, given.output === 'json' ? 'json' : 'screen');
}

function print(object: Manifest | PruneJob, given: Given, terminal: Terminal, did: string): number {
  terminal.out(objectText(object, formatFlag(given.output, objectFormats), did));
  return exitCodes.done;
}
