/** What docs/how-to/kueue.md tells people to apply and to type, with this cluster's names in the place of the page's. */
import { load, loadAll } from 'js-yaml';

import { blocksUnder, commandsUnder, runCommands } from '../../lib/doc-commands.ts';
import type { Overlay } from '../../lib/prunejob.ts';
import { namespace } from './place.ts';

const page = 'docs/how-to/kueue.md';

/** The objects of the page's files. */
export function objectsUnder(heading: string): object[] {
  return blocksUnder(page, heading, 'yaml').flatMap((block) => loadAll(block.replaceAll('namespace: ml', `namespace: ${namespace}`)) as object[]);
}

/** The fields of a PruneJob that the page shows. */
export function specUnder(heading: string): Overlay {
  return (load(blocksUnder(page, heading, 'yaml').join('')) as { spec: Overlay }).spec;
}

/** Each of the commands, for this PruneJob. */
export function commandsOf(heading: string, pruneJob: string): readonly (() => Promise<string>)[] {
  const lines = commandsUnder(page, heading).trim().split('\n');
  return lines.map((line) => () => runCommands(line.replaceAll('-n ml ', `-n ${namespace} `).replaceAll('mixtral-first', pruneJob), process.cwd(), {}));
}
