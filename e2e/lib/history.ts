/** Every change of one namespace's objects, in order and without a gap: what the tests wait on and judge by, independent of the operator. */
import { labels } from '../../src/api/names.ts';
import { asError } from '../../src/runtime/errors.ts';
import type { Resource } from './kubectl.ts';
import { patience } from './patience.ts';
import { explain, finished, type PruneJob } from './prunejob.ts';
import type { InferenceService } from './service.ts';
import { WaitTimeout } from './wait.ts';
import { watchEtcd, type EtcdEvent } from './etcd-watch.ts';

export interface Change {
  /** As etcd names it: jobs, pods, events, stun-operator.io/prunejobs. */
  readonly resource: string;
  readonly name: string;
  readonly what: EtcdEvent['what'];
  /** Custom resources lie in etcd as JSON; the others, encoded otherwise, are told by name alone. */
  readonly object?: CustomResource;
}

type CustomResource = Resource<unknown, unknown>;

export class History implements AsyncDisposable {
  readonly changes: Change[] = [];
  readonly #namespace: string;
  readonly #stop = new AbortController();
  /** Each is asked after every change, and is told when there will be no more. */
  readonly #waiters = new Set<(broken?: Error) => void>();
  #ended: Promise<void> = Promise.resolve();
  #broken: Error | undefined;

  private constructor(namespace: string) {
    this.#namespace = namespace;
  }

  static async begin(namespace: string): Promise<History> {
    const history = new History(namespace);
    await new Promise<void>((resolve, reject) => {
      const watch = watchEtcd({ signal: history.#stop.signal, onStart: resolve, onEvent: (event) => { history.#take(event); } });
      history.#ended = watch.catch((error: unknown) => {
        history.#fail(asError(error));
        reject(asError(error));
      });
    });
    return history;
  }

  /** Names of what was made, one for each time that it was: an object made anew under its old name is there twice. */
  created(resource: 'jobs' | 'pods' | 'events', prefix: string): string[] {
    return this.changes.filter((change) => change.resource === resource && change.what === 'Created' && change.name.startsWith(prefix)).map(({ name }) => name);
  }

  /** Every version of the PruneJob that there ever was. */
  versions(name: string): PruneJob[] {
    return this.versionsOf<PruneJob>('stun-operator.io/prunejobs', name);
  }

  /** Every version of the InferenceService since the history began. */
  services(name: string): InferenceService[] {
    return this.versionsOf<InferenceService>('serving.kserve.io/inferenceservices', name);
  }

  /** Of any other custom resource. */
  versionsOf<T extends CustomResource>(resource: string, name: string): T[] {
    return this.changes.filter((change) => change.resource === resource && change.name === name).flatMap(({ object }) => (object as T | undefined) ?? []);
  }

  latest(name: string): PruneJob | undefined {
    return this.versions(name).at(-1);
  }

  /** The PruneJob as it was then; one that ended before never will. */
  async reaches(name: string, what: string, reached: (job: PruneJob) => boolean): Promise<PruneJob> {
    await this.until(`${name} to reach ${what}`, patience, () => {
      const pruneJob = this.latest(name);
      if (pruneJob === undefined) return false;
      if (finished(pruneJob) && !reached(pruneJob)) throw new Error(`${name} ended before it reached ${what}: ${explain(pruneJob)}`);
      return reached(pruneJob);
    });
    return this.latest(name) as PruneJob;
  }

  /** Asks now and after each change: no moment is too short for it. `what` completes "Waited 60 s for ...". */
  async until(what: string, timeoutSeconds: number, reached: () => boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const look = (broken = this.#broken): void => {
      try {
        if (broken !== undefined) throw broken;
        if (reached()) resolve(undefined);
      } catch (error) {
        reject(asError(error));
      }
    };
    const timer = setTimeout(() => { reject(new WaitTimeout(`Waited ${timeoutSeconds} s for ${what}. ${this.#last()}`)); }, timeoutSeconds * 1000);
    this.#waiters.add(look);
    look();
    await promise.finally(() => {
      clearTimeout(timer);
      this.#waiters.delete(look);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  #take({ key, what, value }: EtcdEvent): void {
    const [name = '', namespace, ...resource] = key.replace('/registry/', '').split('/').toReversed();
    if (namespace !== this.#namespace) return;
    const change = { resource: resource.toReversed().join('/'), name, what };
    // Kubernetes' own kinds lie there without their group.
    const isCustom = change.resource.includes('.') && value.length > 0;
    this.changes.push(isCustom ? { ...change, object: JSON.parse(value.toString()) as CustomResource } : change);
    for (const look of this.#waiters) look();
  }

  #last(): string {
    const phase = (object: Change['object']) => (object as PruneJob | undefined)?.status?.phase ?? '';
    const tail = this.changes.slice(-5).map(({ resource, name, what, object }) => `${what} ${resource} ${name} ${phase(object)}`.trim());
    return `The last changes: ${tail.join('; ')}`;
  }

  #fail(error: Error): void {
    this.#broken = error;
    for (const look of this.#waiters) look(error);
  }
}

/** The pods of one stage of a PruneJob, for kubectl. */
export function stagePods(pruneJob: string, stage: string): string {
  return `${labels.pruneJob}=${pruneJob},${labels.stage}=${stage}`;
}
