/** What docs/how-to/argocd.md tells people to commit and to type, with this cluster's namespace in the place of the page's. */
import { blocksUnder, commandsUnder, runCommands } from '../../lib/doc-commands.ts';
import { namespace } from './place.ts';

const page = 'docs/how-to/argocd.md';

/** The files whose paths stand in their first lines, for a repository at this URL. */
export function filesUnder(heading: string, url = ''): Record<string, string> {
  const documents = blocksUnder(page, heading, 'yaml').flatMap((block) => block.split(/^---\n/m));
  return Object.fromEntries(documents.map((document) => [/^# (\S+)\n/.exec(document)?.[1] ?? '', translated(document).replaceAll('https://git.example.com/platform.git', url)]));
}

export function follow(heading: string, cwd: string): Promise<string> {
  return runCommands(translated(commandsUnder(page, heading)), cwd, {});
}

function translated(text: string): string {
  return text.replaceAll('namespace: ml', `namespace: ${namespace}`);
}
