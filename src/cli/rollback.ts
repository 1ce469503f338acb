/** `kubectl-prune rollback`: asks the operator to give the service its previous model back. */
import type { PruneJob } from '../api/v1alpha1/prunejob.ts';
import type { JsonPatchOperation } from '../runtime/types.ts';
import { clusterFlags, withCluster, type Cluster } from './cluster.ts';
import { exitCodes, Failed, Refused, type Command, type Terminal, type FlagTable } from './command.ts';
import { formatFlag, parseNamed, type Values } from './flags.ts';
import { conditionOf, holds } from './milestones.ts';
import { objectFormats, objectText } from './print.ts';
import { readPruneJob, refTo } from './prune-jobs.ts';
import { rollbackOutlook } from './rollback-outlook.ts';
import { show, type ShowFormat } from './show.ts';

const flags = {
  yes: { type: 'boolean', short: 'y', text: 'do not ask first' },
  wait: { type: 'boolean', text: 'follow it until the service runs its previous model, or does not' },
  output: { type: 'string', short: 'o', value: 'FORMAT', default: 'name', text: 'name, json or yaml', words: objectFormats },
  ...clusterFlags,
} as const satisfies FlagTable;

const described = {
  name: 'rollback',
  summary: 'give the service its previous model back',
  usage: ['NAME [--yes] [--wait]'],
  about: `Sets spec.serving.rollbackRequested, after saying what will happen: during a rollout it ends the run, after Complete it undoes
the hand-over alone. It cannot be taken back; to move the service again, create another PruneJob, which reuses the published model.`,
  takesPruneJob: true,
  flags,
  examples: ['kubectl prune rollback mixtral-8x22b-q4 -n ml', 'kubectl prune rollback mixtral-8x22b-q4 -n ml --yes --wait'],
  exits: 'Exit code 0 when it was asked for (with --wait: when the service is back), 1 when there is nothing to roll back, it did not work, or you said no, 2 for a wrong command line, 130 for Ctrl-C.',
} as const;

type Given = Values<typeof flags>;

export const rollback: Command = {
  ...described,
  run(args, terminal) {
    const { name, flags: given } = parseNamed(described, args);
    formatFlag(given.output, objectFormats);
    return withCluster(given, terminal, async (cluster) => rollBack(cluster, await readPruneJob(cluster, name), given, terminal));
  },
};

async function rollBack(cluster: Cluster, job: PruneJob, given: Given, terminal: Terminal): Promise<number> {
  const outlook = rollbackOutlook(job);
  if ('refused' in outlook) throw new Failed(outlook.refused);
  terminal.err(`${outlook.says}\n`);
  if (given.yes !== true) await confirm(terminal);
  const asked = await cluster.client.jsonPatch<PruneJob>(refTo(cluster, job.metadata.name), request(job));
  const format = formatFlag(given.output, objectFormats);
  const lines = given.wait === true && format === 'json';
  if (!lines) terminal.out(objectText(asked, format, 'rollback requested'));
  return given.wait === true ? waitFor(cluster, asked, { terminal, format: lines ? 'json' : 'screen' }) : exitCodes.done;
}

async function confirm(terminal: Terminal): Promise<void> {
  const answer = await terminal.ask('Roll back? [y/N] ');
  if (answer === undefined) throw new Refused('Nobody is there to confirm it; add --yes.');
  if (!/^y(es)?$/i.test(answer.trim())) throw new Failed('Nothing was changed.');
}

/** Of this very run: what was confirmed is not asked of another one that has taken its name since. */
function request({ metadata }: PruneJob): JsonPatchOperation[] {
  return [{ op: 'test', path: '/metadata/uid', value: metadata.uid }, { op: 'add', path: '/spec/serving/rollbackRequested', value: true }];
}

async function waitFor(cluster: Cluster, asked: PruneJob, { terminal, format }: { readonly terminal: Terminal; readonly format: ShowFormat }): Promise<number> {
  const last = await show(cluster, asked, terminal, { format, done: isDecided });
  if (last === undefined) return exitCodes.failed;
  if (!isDecided(last)) {
    terminal.err('The rollback goes on without you.\n');
    return exitCodes.interrupted;
  }
  return holds(last, 'RolledBack') || conditionOf(last, 'Failed')?.reason === 'RolledBack' ? exitCodes.done : exitCodes.failed;
}

/** It worked, it did not, or the run ended before there was anything to put back. */
function isDecided(job: PruneJob): boolean {
  const rolledBack = conditionOf(job, 'RolledBack')?.status;
  return rolledBack === 'True' || rolledBack === 'False' || holds(job, 'Failed');
}
