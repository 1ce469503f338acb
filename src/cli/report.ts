/** `kubectl-prune report`: the report that lies beside the published model. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { PruneJob } from '../api/v1alpha1/prunejob.ts';
import { asError } from '../runtime/errors.ts';
import { copyFromClaim } from './claim-copy.ts';
import { clusterFlags, withCluster } from './cluster.ts';
import { exitCodes, Failed, type Command, type Terminal, type FlagTable } from './command.ts';
import { formatFlag, parseNamed, type Values } from './flags.ts';
import { readPruneJob } from './prune-jobs.ts';
import { readObject } from './s3-object.ts';

const formats = ['html', 'json'] as const;

const flags = {
  save: { type: 'string', value: 'FILE', text: 'write it to this file instead of opening it', file: true },
  output: { type: 'string', short: 'o', value: 'FORMAT', text: 'print it instead of opening it: html, or json for programs', words: formats },
  ...clusterFlags,
} as const satisfies FlagTable;

const described = {
  name: 'report',
  summary: "open a published model's report in the browser",
  usage: ['NAME [--save FILE | -o json]'],
  about: `Fetches the report from where the model was published, with your own credentials: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
AWS_SESSION_TOKEN, AWS_REGION and AWS_ENDPOINT_URL of the environment, else the AWS CLI with its profiles.
For a model on a claim it prints the kubectl command that copies the report.`,
  takesPruneJob: true,
  flags,
  examples: ['kubectl prune report mixtral-8x22b-q4 -n ml', 'kubectl prune report mixtral-8x22b-q4 -n ml --save report.html', 'kubectl prune report mixtral-8x22b-q4 -n ml -o json | jq .quality'],
} as const;

type Given = Values<typeof flags>;

export const report: Command = {
  ...described,
  run(args, terminal) {
    const { name, flags: given } = parseNamed(described, args);
    const format = given.output === undefined ? 'html' : formatFlag(given.output, formats);
    return withCluster(given, terminal, async (cluster) => {
      const uri = reportUri(await readPruneJob(cluster, name), format);
      if (uri.startsWith('pvc://')) return tellHowToCopy(uri, cluster.namespace, { given, terminal });
      return deliver(await readObject(uri, terminal.env), { name, given }, terminal);
    });
  },
};

function reportUri({ metadata, status }: PruneJob, format: (typeof formats)[number]): string {
  const folder = status?.result?.uri;
  if (folder === undefined) throw new Failed(`PruneJob ${metadata.name} has published no model, so there is no report (phase ${status?.phase ?? 'Pending'}). To see where it stands: kubectl prune watch ${metadata.name} -n ${metadata.namespace}`);
  return `${folder}stun-report.${format}`;
}

function tellHowToCopy(uri: string, namespace: string, { given, terminal }: { readonly given: Given; readonly terminal: Terminal }): number {
  if (given.save !== undefined || given.output !== undefined) throw new Failed(`${uri} lies on a claim, which only a pod can read. This copies it: ${copyFromClaim(uri, namespace)}`);
  terminal.err(`${uri} lies on a claim, which only a pod can read. This copies it:\n`);
  terminal.out(`${copyFromClaim(uri, namespace)}\n`);
  return exitCodes.done;
}

async function deliver(text: string, { name, given }: { readonly name: string; readonly given: Given }, terminal: Terminal): Promise<number> {
  if (given.save !== undefined) {
    save(given.save, text);
    terminal.err(`The report is in ${given.save}.\n`);
  } else if (given.output !== undefined) terminal.out(text);
  else await openPage(name, text, terminal);
  return exitCodes.done;
}

function save(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new Failed(`The report cannot be written to ${path} (${asError(error).message}). Write another --save FILE.`);
  }
}

async function openPage(name: string, text: string, terminal: Terminal): Promise<void> {
  const path = join(mkdtempSync(join(tmpdir(), 'stun-report-')), `${name}.html`);
  save(path, text);
  const opened = await terminal.open(path);
  terminal.err(opened ? `The report opens in the browser: ${path}\n` : `There is no browser here. The report is in ${path}\n`);
}
