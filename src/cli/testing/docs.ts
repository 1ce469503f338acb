/** The command lines that stand in the documentation. */
import { readdirSync, readFileSync } from 'node:fs';

const root = new URL('../../../', import.meta.url);
const pages = ['README.md', ...readdirSync(new URL('docs', root), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)];

export interface Written {
  readonly page: string;
  readonly line: string;
  readonly words: readonly string[];
}

/** Of the blocks for a shell: lines that go on after a backslash are one, and what follows a pipe, a redirection or a remark is not ours. */
function written(page: string): Written[] {
  const blocks = [...readFileSync(new URL(page, root), 'utf8').matchAll(/```sh\n(.*?)```/gs)].map(([, block = '']) => block.replace(/\\\n\s*/g, ''));
  const lines = blocks.flatMap((block) => block.split('\n')).filter((line) => /^kubectl[ -]prune [a-z]/.test(line));
  return lines.map((line) => ({ page, line, words: line.replace(/ +(#|>|\|).*$/, '').replace(/^kubectl[ -]prune /, '').split(/ +/) }));
}

export const writtenLines: readonly Written[] = pages.flatMap(written);
