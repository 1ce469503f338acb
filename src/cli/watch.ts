/** `kubectl-prune watch`: a run as it goes on, until it is over. Looking at it changes nothing. */
import type { PruneJob } from '../api/v1alpha1/prunejob.ts';
import { clusterFlags, withCluster, type Cluster } from './cluster.ts';
import { exitCodes, type Command, type Terminal, type FlagTable } from './command.ts';
import { formatFlag, parseNamed } from './flags.ts';
import { holds, isOver } from './milestones.ts';
import { readPruneJob } from './prune-jobs.ts';
import { show, showFormats, type ShowFormat } from './show.ts';

const flags = {
  output: { type: 'string', short: 'o', value: 'FORMAT', default: 'screen', text: 'screen, or json for one line of JSON a change', words: showFormats },
  ...clusterFlags,
} as const satisfies FlagTable;

const described = {
  name: 'watch',
  summary: 'follow a run until it is over',
  usage: ['NAME [-o json] [-n NAMESPACE]'],
  about: `Shows where a run stands: what is done and how long it took, how far the engine is, GPUs, quality, events. On a terminal it is one
screen that is redrawn; in a pipe, one line a change. Ctrl-C ends the looking and leaves the run alone.`,
  takesPruneJob: true,
  flags,
  examples: ['kubectl prune watch mixtral-8x22b-q4 -n ml', 'kubectl prune watch mixtral-8x22b-q4 -n ml -o json | jq -c .status.progress'],
  exits: 'Exit code 0 when the run is Complete, 1 when it Failed or was deleted, 2 for a wrong command line, 130 for Ctrl-C.',
} as const;

export const watch: Command = {
  ...described,
  run(args, terminal) {
    const { name, flags: given } = parseNamed(described, args);
    const format = formatFlag(given.output, showFormats);
    return withCluster(given, terminal, async (cluster) => watchRun(cluster, await readPruneJob(cluster, name), terminal, format));
  },
};

export async function watchRun(cluster: Cluster, job: PruneJob, terminal: Terminal, format: ShowFormat): Promise<number> {
  const last = await show(cluster, job, terminal, { format, done: isOver });
  if (last === undefined) return exitCodes.failed;
  if (isOver(last)) return holds(last, 'Complete') ? exitCodes.done : exitCodes.failed;
  terminal.err(`The run goes on without you. To look again: kubectl prune watch ${job.metadata.name} -n ${cluster.namespace}\n`);
  return exitCodes.interrupted;
}
