/** The one PruneJob of a file, which is created as it is written. */
import { loadAll } from 'js-yaml';

import { apiVersion, kind } from '../api/names.ts';
import { isObject, type Fields } from '../prunejob/json-checks.ts';
import { asError } from '../runtime/errors.ts';
import { Refused, type Terminal } from './command.ts';

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: unknown;
}

export function readManifest(path: string, terminal: Terminal): Manifest {
  const file = path === '-' ? 'Standard input' : path;
  const [document, ...more] = documents(file, path, terminal);
  if (document === undefined || more.length > 0) throw new Refused(`${file} holds ${more.length + (document === undefined ? 0 : 1)} objects; write one PruneJob. For several: kubectl apply -f ${path}`);
  return checked(file, document);
}

function documents(file: string, path: string, terminal: Terminal): unknown[] {
  const text = attempt(() => terminal.read(path), (reason) => `${file} cannot be read (${reason}); write the path of a file, or - for standard input.`);
  return attempt(() => loadAll(text), (reason) => `${file} is neither YAML nor JSON (${reason}); correct it.`).filter((document) => document !== null && document !== undefined);
}

function attempt<T>(work: () => T, sentence: (reason: string) => string): T {
  try {
    return work();
  } catch (error) {
    throw new Refused(sentence(asError(error).message));
  }
}

function checked(file: string, document: unknown): Manifest {
  const fields: Fields = isObject(document) ? document : {};
  const { metadata } = fields;
  if (fields.kind !== kind || fields.apiVersion !== apiVersion) {
    throw new Refused(`${file} holds ${named(fields)}, and only a ${kind} of ${apiVersion} is created here. For others: kubectl apply -f FILE`);
  }
  if (!isObject(metadata) || typeof metadata.name !== 'string' || metadata.name === '') throw new Refused(`${file} has no metadata.name; give the run a name.`);
  return fields as unknown as Manifest;
}

function named({ kind: found, apiVersion: version }: Fields): string {
  return typeof found === 'string' ? `${found} of ${typeof version === 'string' ? version : 'no apiVersion'}` : 'no Kubernetes object';
}
