/** What docs/how-to/argocd.md tells people to commit and to type, with this cluster's names in the place of the page's. */
import { load } from 'js-yaml';

import { blocksUnder, commandsUnder, runCommands } from '../../lib/doc-commands.ts';
import type { Overlay } from '../../lib/prunejob.ts';
import { model, namespace } from './place.ts';

const page = 'docs/how-to/argocd.md';

const here: readonly (readonly [theirs: string, ours: string])[] = [
  ['namespace: ml', `namespace: ${namespace}`],
  ['-n ml ', `-n ${namespace} `],
  ['s3://models/Mixtral-8x22B-v0.1/', model],
  ['runtime: vllm', 'runtime: openai-cpu'],
  ['--tensor-parallel-size=8', '--tensor-parallel-size=4'],
  ['"nvidia.com/gpu": "8"', '"nvidia.com/gpu": "4"'],
];

/** The files whose paths stand in their first lines, for a repository at this URL. */
export function filesUnder(heading: string, url = ''): Record<string, string> {
  const documents = blocksUnder(page, heading, 'yaml').flatMap((block) => block.split(/^---\n/m));
  return Object.fromEntries(documents.map((document) => [/^# (\S+)\n/.exec(document)?.[1] ?? '', translated(document).replaceAll('https://git.example.com/platform.git', url)]));
}

/** A part of an object. */
export function fragmentUnder(heading: string): Overlay {
  return load(blocksUnder(page, heading, 'yaml').join('')) as Overlay;
}

export function follow(heading: string, cwd: string): Promise<string> {
  return runCommands(translated(commandsUnder(page, heading)), cwd, {});
}

function translated(text: string): string {
  return here.reduce((so, [theirs, ours]) => so.replaceAll(theirs, ours), text);
}
