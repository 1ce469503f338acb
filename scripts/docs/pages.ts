/** The project's pages, taken apart for the tests that hold them against the repository: links, headings, code. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** Made by tools, or somebody else's. */
const foreign = /^(\.|node_modules$|dist$|testdata$)/;

export interface Block {
  /** What stands behind the fence: sh, yaml, mermaid, ... */
  readonly language: string;
  /** Of the nearest heading above. */
  readonly heading: string;
  readonly text: string;
}

export interface Page {
  /** From the root of the repository. */
  readonly path: string;
  readonly blocks: readonly Block[];
  /** Targets of links, as they are written. */
  readonly links: readonly string[];
  /** Where a link may lead within the page. */
  readonly anchors: readonly string[];
  /** What stands between single backquotes. */
  readonly spans: readonly string[];
}

export const pages: readonly Page[] = pathsBelow('').map((path) => parse(path, readFileSync(root + path, 'utf8')));

function pathsBelow(folder: string): string[] {
  const entries = readdirSync(root + folder, { withFileTypes: true }).filter(({ name }) => !foreign.test(name));
  return entries.flatMap((entry) => {
    const path = folder + entry.name;
    return entry.isDirectory() ? pathsBelow(`${path}/`) : path.endsWith('.md') ? [path] : [];
  });
}

export function parse(path: string, text: string): Page {
  // Blocks go first: a remark in a shell script looks like a heading.
  const prose = text.replace(/^( *)```.*?^\1```$/gms, '');
  const headings = matches(prose, /^#+ (.+)$/gm);
  return {
    path,
    blocks: blocksOf(text),
    links: matches(prose.replace(/`[^`\n]*`/g, ''), /\]\(([^)\s]+)\)/g),
    anchors: anchorsOf(headings),
    spans: matches(prose, /`([^`\n]+)`/g),
  };
}

function blocksOf(text: string): Block[] {
  const parts = [...text.matchAll(/^#+ (?<heading>[^\n]+)$|^ *```(?<language>\w*)\n(?<code>.*?)^ *```$/gms)];
  let heading = '';
  return parts.flatMap(({ groups = {} }) => {
    heading = groups.heading ?? heading;
    return groups.code === undefined ? [] : [{ language: groups.language ?? '', heading, text: groups.code }];
  });
}

/** As GitHub makes them: a heading that comes again is numbered. */
function anchorsOf(headings: readonly string[]): string[] {
  const slugs = headings.map((heading) => heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-'));
  return slugs.map((slug, index) => {
    const before = slugs.slice(0, index).filter((other) => other === slug).length;
    return before === 0 ? slug : `${slug}-${before}`;
  });
}

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, found = '']) => found);
}
