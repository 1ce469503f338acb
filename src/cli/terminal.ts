/** The real terminal: this process's streams, environment and Ctrl-C. */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';

import { plainText } from '../prunejob/plain-text.ts';
import { openInBrowser } from './browser.ts';
import { exitCodes, type Screen, type Terminal } from './command.ts';

const standardInput = 0;
const standard = { columns: 80, rows: 24 };

export function processTerminal(): Terminal {
  const stop = new AbortController();
  let listening = false;
  // `| head` closes the pipe when it has seen enough, which is no error of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    process.stderr.write(`Standard output cannot be written (${error.message}); make room, or send it elsewhere.\n`);
    process.exit(exitCodes.failed);
  });
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(plainText(text)),
    read: (path) => readFileSync(path === '-' ? standardInput : path, 'utf8'),
    env: process.env,
    screen,
    ask,
    open: (path) => openInBrowser(path, process.platform, process.env),
    // Only who asks for the signal takes Ctrl-C upon itself; every other command just ends.
    get stop() {
      if (!listening) for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => { stop.abort(); });
      listening = true;
      return stop.signal;
    },
  };
}

function screen(): Screen | undefined {
  const { isTTY, columns, rows } = process.stdout;
  if (!isTTY || process.env.TERM === 'dumb') return undefined;
  // Some pseudo-terminals say 0; NO_COLOR: https://no-color.org
  return { columns: columns || standard.columns, rows: rows || standard.rows, colour: (process.env.NO_COLOR ?? '') === '' };
}

async function ask(question: string): Promise<string | undefined> {
  if (!process.stdin.isTTY) return undefined;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await lines.question(question);
  } finally {
    lines.close();
  }
}
