/** What the table of crd.test.ts is written in: a minimal PruneJob, fragments laid over it, and the server's sentences. */
import { readFile } from 'node:fs/promises';
import { loadAll } from 'js-yaml';
import { expect, vi } from 'vitest';

import { startApiServer, type Answer, type ApiServer } from '../e2e/lib/apiserver.ts';

export type Fields = Readonly<Record<string, unknown>>;

const root = new URL('../', import.meta.url);
const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const pruneJobs = '/apis/stun-operator.io/v1alpha1/namespaces/default/prunejobs';
const servedWithinMs = 30_000;

export const calibration = { uri: 's3://data/calibration.jsonl', samples: 8, sequenceLength: 128 };
export const perplexity = { uri: 's3://data/heldout.jsonl', samples: 8, maxIncrease: 0.1 };
export const serving = { ref: { apiVersion: 'serving.kserve.io/v1beta1', kind: 'InferenceService', name: 'tiny-moe' }, strategy: 'Surge' };

const minimal: Fields = {
  model: { uri: 's3://models/tiny-moe/' },
  pruning: { experts: { ratio: 0.25 } },
  output: { uri: 's3://models/pruned/' },
};

/** `undefined` in a fragment takes the field out. */
export function specWith(fragment: Fields): Fields {
  return merge(minimal, fragment);
}

export function merge(base: Fields, fragment: Fields): Fields {
  const merged = Object.entries(fragment).map(([field, value]) => {
    const below = base[field];
    return [field, isFields(value) && isFields(below) ? merge(below, value) : value] as const;
  });
  return { ...base, ...Object.fromEntries(merged) };
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function pruneJob(name: string, spec: Fields): Fields {
  return { apiVersion: 'stun-operator.io/v1alpha1', kind: 'PruneJob', metadata: { name, namespace: 'default' }, spec };
}

export interface Stored {
  readonly metadata: Fields;
  readonly spec: Fields;
  readonly status?: Fields;
}

/** An accepted object comes back with its defaults; a refused one as the server's sentences. */
export interface Verdict {
  readonly object?: Stored;
  readonly refusal?: string;
}

export class Api {
  readonly server: ApiServer;

  constructor(server: ApiServer) {
    this.server = server;
  }

  static async start(): Promise<Api> {
    const api = new Api(await startApiServer());
    try {
      await api.installCRD();
      return api;
    } catch (error) {
      await api.server.stop();
      throw error;
    }
  }

  async tryCreate(spec: Fields): Promise<Verdict> {
    return verdict(await this.server.call('POST', `${pruneJobs}?dryRun=All`, pruneJob('dry', spec)));
  }

  async create(name: string, spec: Fields): Promise<Verdict> {
    return verdict(await this.server.call('POST', pruneJobs, pruneJob(name, spec)));
  }

  async patch(name: string, patch: Fields): Promise<Verdict> {
    return verdict(await this.server.call('PATCH', `${pruneJobs}/${name}`, patch));
  }

  async patchStatus(name: string, status: Fields): Promise<Verdict> {
    return verdict(await this.server.call('PATCH', `${pruneJobs}/${name}/status`, { status }));
  }

  private async installCRD(): Promise<void> {
    const [crd] = await readYaml('crds/stun-operator.io_prunejobs.yaml');
    const created = await this.server.call('POST', crds, crd);
    if (created.code !== 201) throw new Error(`The API server refuses the CRD: ${JSON.stringify(created.body)}`);
    await vi.waitFor(async () => {
      expect(await this.tryCreate(minimal)).toHaveProperty('object');
    }, servedWithinMs);
  }
}

export async function readYaml(path: string): Promise<Fields[]> {
  return loadAll(await readFile(new URL(path, root), 'utf8')) as Fields[];
}

function verdict({ code, body }: Answer): Verdict {
  if (code < 300) return { object: body as Stored };
  return { refusal: (body as { readonly message?: string }).message ?? JSON.stringify(body) };
}
