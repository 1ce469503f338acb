/** Sees when each object was created, got its Job, had it done, and told so: from watches of its own, by one clock for all contenders. */
import { readFile } from 'node:fs/promises';
import { Agent, request, type RequestOptions } from 'node:https';
import { createInterface } from 'node:readline';

import type { ApiServer } from '../lib/apiserver.ts';
import { namespace } from './control-plane.ts';

export interface LiveObject {
  readonly metadata: { readonly name: string; readonly ownerReferences?: readonly { readonly name: string; readonly controller?: boolean }[] };
  readonly status?: { readonly phase?: string; readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Milliseconds of this process's clock. */
export interface Sighting {
  created?: number;
  job?: number;
  jobDone?: number;
  terminal?: number;
}

export type Moment = keyof Sighting;

const againMs = 50;
const jobs = `/apis/batch/v1/namespaces/${namespace}/jobs`;

export class Watcher {
  readonly #sightings = new Map<string, Sighting>();
  readonly #stop = new AbortController();
  readonly #waiting = new Set<() => void>();

  static async start(server: ApiServer, collection: string, isTerminal: (object: LiveObject) => boolean): Promise<Watcher> {
    const watcher = new Watcher();
    const access = await accessOf(server);
    if (collection !== jobs) watcher.#watch(access, collection, (object) => { watcher.#seeObject(object, isTerminal); });
    watcher.#watch(access, jobs, (object) => {
      watcher.#seeJob(object);
      if (collection === jobs) watcher.#seeObject(object, isTerminal);
    });
    return watcher;
  }

  of(name: string): Sighting {
    return this.#sightings.get(name) ?? {};
  }

  /** Answers whether it came about in time: a contender may lose objects for good. */
  async until(names: readonly string[], moment: Moment, seconds: number): Promise<boolean> {
    const deadline = AbortSignal.timeout(seconds * 1000);
    let seen = 0;
    for (;;) {
      // Only the first one missing is looked at, or every event would walk through thousands of names.
      while (seen < names.length && this.of(names[seen] ?? '')[moment] !== undefined) seen += 1;
      if (seen === names.length || deadline.aborted) return seen === names.length;
      await this.#news(deadline);
    }
  }

  stop(): void {
    this.#stop.abort();
  }

  #news(deadline: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake);
        deadline.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      deadline.addEventListener('abort', wake);
    });
  }

  #seeObject(object: LiveObject, isTerminal: (object: LiveObject) => boolean): void {
    this.#see(object.metadata.name, 'created');
    if (isTerminal(object)) this.#see(object.metadata.name, 'terminal');
  }

  #seeJob({ metadata, status }: LiveObject): void {
    const name = metadata.ownerReferences?.find((owner) => owner.controller === true)?.name ?? metadata.name;
    this.#see(name, 'job');
    if (status?.conditions?.some(({ type, status: value }) => type === 'Complete' && value === 'True') === true) this.#see(name, 'jobDone');
  }

  #see(name: string, moment: Moment): void {
    const sighting = this.#sightings.get(name) ?? {};
    if (sighting[moment] !== undefined) return;
    sighting[moment] = performance.now();
    this.#sightings.set(name, sighting);
    for (const wake of this.#waiting) wake();
  }

  /** A watch may end at any time, as those of a new CRD do; the next one begins with everything that is there, so nothing is missed but moments. */
  #watch(access: RequestOptions, path: string, see: (object: LiveObject) => void): void {
    if (this.#stop.signal.aborted) return;
    const again = () => { setTimeout(() => { this.#watch(access, path, see); }, againMs); };
    const sent = request({ ...access, path: `${path}?watch=true`, signal: this.#stop.signal }, (response) => {
      const lines = createInterface({ input: response });
      lines.on('line', (line) => {
        const { type, object } = JSON.parse(line) as { type: string; object: LiveObject };
        if (type === 'ADDED' || type === 'MODIFIED') see(object);
      });
      // The response's own errors arrive there too, and its end after them.
      lines.on('error', () => undefined).on('close', again);
    });
    sent.on('error', again).end();
  }
}

interface Kubeconfig {
  readonly clusters: readonly [{ readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string } }];
  readonly users: readonly [{ readonly user: { readonly token: string } }];
}

async function accessOf({ kubeconfig }: ApiServer): Promise<RequestOptions> {
  const { clusters: [{ cluster }], users: [{ user }] } = JSON.parse(await readFile(kubeconfig, 'utf8')) as Kubeconfig;
  const { hostname, port } = new URL(cluster.server);
  const agent = new Agent({ ca: Buffer.from(cluster['certificate-authority-data'], 'base64') });
  return { host: hostname, port, agent, headers: { authorization: `Bearer ${user.token}` } };
}
