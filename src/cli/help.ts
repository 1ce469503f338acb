/** The help of a command, made from its description. */
import type { Command, Flag, FlagTable } from './command.ts';

export const program = 'kubectl-prune';

export const exitText = 'Exit codes: 0 done; 1 it failed, or the cluster said no; 2 the command line is wrong, or the plan is refused; 130 Ctrl-C.';

export function programHelp(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const list = commands.map(({ name, summary }) => `  ${name.padEnd(width)}   ${summary}`);
  return `Usage: ${program} COMMAND [FLAGS]\n\n${list.join('\n')}\n\nOn the PATH it is also \`kubectl prune\`. ${program} COMMAND --help says more, ${program} --version which release this is.\n${exitText}\n`;
}

export function commandHelp(command: Command): string {
  const { about, examples, exits = exitText } = command;
  const flags = flagLines(command.flags);
  return [
    usageLines(command).map((line, index) => `${index === 0 ? 'Usage: ' : '       '}${line}`).join('\n'),
    about,
    ...(flags.length === 0 ? [] : [flags.map((line) => `  ${line}`).join('\n')]),
    `Examples:\n${examples.map((line) => `  ${line}`).join('\n')}`,
    `${exits}\n`,
  ].join('\n\n');
}

export function usageLines({ name, usage }: Command): string[] {
  return usage.map((line) => [program, name, line].filter((part) => part !== '').join(' '));
}

function flagLines(flags: FlagTable): string[] {
  const rows = Object.entries(flags).map(([name, flag]) => [spelling(name, flag), meaning(flag)] as const);
  const width = Math.max(...rows.map(([spelled]) => spelled.length));
  return rows.map(([spelled, text]) => `${spelled.padEnd(width)}   ${text}`);
}

export function spelling(name: string, { short, value }: Flag): string {
  return `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`;
}

export function meaning(flag: Flag): string {
  return flag.default === undefined ? flag.text : `${flag.text} (default ${flag.default})`;
}
