#!/usr/bin/env node
/** kubectl-prune, which kubectl finds as `kubectl prune`: picks the command, and turns a refusal into a sentence and an exit code. */
import { basename } from 'node:path';

import release from '../../package.json' with { type: 'json' };
import { asError } from '../runtime/errors.ts';
import { complete } from './complete.ts';
import { kubectlCompletion } from './completion.ts';
import { exitCodes, Failed, Refused } from './command.ts';
import { commands } from './commands.ts';
import { commandHelp, program, programHelp } from './help.ts';
import { near } from './near.ts';
import { processTerminal } from './terminal.ts';

const terminal = processTerminal();

async function run(called: string, words: readonly string[]): Promise<number> {
  if (called === kubectlCompletion) return answerTab(words);
  const [name, ...args] = words;
  if (name === '__complete') return answerTab(args);
  if (name === '--version') {
    terminal.out(`${program} ${release.version}\n`);
    return exitCodes.done;
  }
  if (name === undefined || isHelp(name)) {
    terminal.out(programHelp(commands));
    return name === undefined ? exitCodes.usage : exitCodes.done;
  }
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) throw new Refused(`${name} is no command of ${program}. ${remedy(name)}`);
  if (args.some(isHelp)) {
    terminal.out(commandHelp(command));
    return exitCodes.done;
  }
  return command.run(args, terminal);
}

function remedy(name: string): string {
  const [meant] = near(name, commands.map((command) => command.name));
  return meant === undefined ? `See: ${program} --help` : `Did you mean ${meant}?`;
}

async function answerTab(words: readonly string[]): Promise<number> {
  await complete(commands, words, terminal);
  return exitCodes.done;
}

function isHelp(argument: string): boolean {
  return argument === '--help' || argument === '-h';
}

/** Node's own report of an error shows the line of the bundle that threw, which is most of the program. */
function sentenceOf(error: unknown): string {
  if (error instanceof Refused || error instanceof Failed) return error.message;
  return `This is a fault of ${program} ${release.version}; please report it: ${asError(error).stack ?? String(error)}`;
}

const [, path = '', ...words] = process.argv;
try {
  process.exitCode = await run(basename(path), words);
} catch (error) {
  terminal.err(`${sentenceOf(error)}\n`);
  process.exitCode = error instanceof Refused ? exitCodes.usage : exitCodes.failed;
}
