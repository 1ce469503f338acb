#!/usr/bin/env node
/** kubectl-prune, which kubectl finds as `kubectl prune`: picks the command, and turns a refusal into a sentence and exit code 2. */
import { readFileSync } from 'node:fs';

import { Refused, type Command, type Terminal } from './command.ts';
import { plan } from './plan.ts';

const commands: Readonly<Record<string, Command>> = { plan };

const standardInput = 0;
const terminal: Terminal = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  read: (path) => readFileSync(path === '-' ? standardInput : path, 'utf8'),
};

const list = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`).join('\n');
const help = `Usage: kubectl-prune COMMAND [FLAGS]\n\n${list}\n\nkubectl-prune COMMAND --help says more.\n`;

async function run(name: string | undefined, args: readonly string[]): Promise<number> {
  if (name === undefined || isHelp(name)) {
    terminal.out(help);
    return name === undefined ? 2 : 0;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) throw new Refused(`${name} is no command of kubectl-prune. See: kubectl-prune --help`);
  if (args.some(isHelp)) {
    terminal.out(command.help);
    return 0;
  }
  return command.run(args, terminal);
}

function isHelp(argument: string): boolean {
  return argument === '--help' || argument === '-h';
}

const [name, ...args] = process.argv.slice(2);
try {
  process.exitCode = await run(name, args);
} catch (error) {
  if (!(error instanceof Refused)) throw error;
  terminal.err(`${error.message}\n`);
  process.exitCode = 2;
}
