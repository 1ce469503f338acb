/**
 * The answer to a shell's Tab, in the protocol that kubectl asks its plug-ins in: a candidate a line, with its meaning behind a tab,
 * and at the end a directive of cobra's.
 */
import type { PruneJob } from '../api/v1alpha1/prunejob.ts';
import { candidates, starting, type Candidate } from './candidates.ts';
import { clusterFlags, withCluster } from './cluster.ts';
import type { Command, Terminal } from './command.ts';
import { parseWithName } from './flags.ts';
import { pruneJobType } from './prune-jobs.ts';

const filesToo = ':0';
const noFiles = ':4';
/** Nobody waits longer for a Tab. */
const patienceMs = 3000;
const most = 200;

export async function complete(commands: readonly Command[], words: readonly string[], terminal: Terminal): Promise<void> {
  const found = candidates(commands, words);
  if (found === 'Files') terminal.out(`${filesToo}\n`);
  else terminal.out([...(found === 'PruneJobs' ? await pruneJobs(words, terminal) : found).map(line), noFiles, ''].join('\n'));
}

function line({ text, about }: Candidate): string {
  return about === '' ? text : `${text}\t${about}`;
}

/** A completion says nothing when it fails: a sentence in the middle of a command line helps nobody. */
async function pruneJobs(words: readonly string[], terminal: Terminal): Promise<Candidate[]> {
  try {
    const given = clusterOf(words);
    const { items } = await withCluster(given, terminal, ({ client, namespace }) => client.list<PruneJob>(pruneJobType, { namespace, limit: most, signal: AbortSignal.timeout(patienceMs) }));
    return starting(words.at(-1) ?? '', items.map(({ metadata, status }) => ({ text: metadata.name, about: status?.phase ?? '' })));
  } catch {
    return [];
  }
}

/** The flags that say which cluster, out of a line that is not finished. */
function clusterOf(words: readonly string[]) {
  const known = Object.entries(clusterFlags).flatMap(([name, flag]) => [`--${name}`, ...('short' in flag ? [`-${flag.short}`] : [])]);
  const given = words.slice(0, -1).flatMap((word, index, all) => {
    if (known.some((flag) => word.startsWith(`${flag}=`))) return [word];
    return known.includes(word) ? [word, all[index + 1] ?? ''] : [];
  });
  return parseWithName({ name: 'completion', flags: clusterFlags }, given).flags;
}
