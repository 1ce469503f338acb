/** docs/reference/cli.md: every command with its flags and examples, from the table that `--help` prints, and the screen of `watch`. */
import type { Command, FlagTable } from '../../src/cli/command.ts';
import { exitText, meaning, program, spelling, usageLines } from '../../src/cli/help.ts';
import { watchScreen } from '../../src/cli/screen.ts';
import { sampleNow, sampleRun } from './cli-sample.ts';

const columns = 120;

const install = `\`make node\` makes \`bin/${program}\`, one file for any Node from 20.19 on, and a link to it. Copy both onto the PATH:

\`\`\`sh
make node && cp --no-dereference bin/kubectl-prune bin/kubectl_complete-prune /usr/local/bin/
\`\`\`

kubectl then finds it as \`kubectl prune\`, with completion: that is what the link is for. The cluster and your rights are those of your kubeconfig,
as with kubectl itself; the rights that a command needs are those that the ClusterRoles \`view\` and \`edit\` get from the chart.`;

export function cliReference(commands: readonly Command[]): string {
  return [
    '<!-- Generated from src/cli by scripts/generate.ts; do not edit. -->',
    `# ${program}`,
    install,
    exitText,
    overview(commands),
    ...commands.flatMap(section),
    '',
  ].join('\n\n').trimEnd() + '\n';
}

function overview(commands: readonly Command[]): string {
  return ['| command | what it does |', '| --- | --- |', ...commands.map(({ name, summary }) => `| [${name}](#${name}) | ${summary} |`)].join('\n');
}

function section(command: Command): string[] {
  const { name, about, flags, examples, exits } = command;
  return [
    `## ${name}`,
    block('', usageLines(command)),
    about,
    ...(name === 'watch' ? [block('', watchScreen(sampleRun, sampleNow, columns).map(({ text }) => text))] : []),
    ...(Object.keys(flags).length === 0 ? [] : [table(flags)]),
    block('sh', examples),
    ...(exits === undefined ? [] : [exits]),
  ];
}

function block(language: string, lines: readonly string[]): string {
  return `\`\`\`${language}\n${lines.join('\n')}\n\`\`\``;
}

function table(flags: FlagTable): string {
  const rows = Object.entries(flags).map(([name, flag]) => `| \`${spelling(name, flag)}\` | ${meaning(flag).replaceAll('|', '\\|')} |`);
  return ['| flag | meaning |', '| --- | --- |', ...rows].join('\n');
}
