/** One hand-over: the service as it was before, a client that asks it all the time, the PruneJob, and every change that either went through. */
import { finalizer } from '../../../src/api/names.ts';
import { History } from '../../lib/history.ts';
import { apply, get, kubectl } from '../../lib/kubectl.ts';
import { patience } from '../../lib/patience.ts';
import { finished, samplePruneJob, type PruneJob } from '../../lib/prunejob.ts';
import { RequestLoop } from '../../lib/requests.ts';
import { inferenceService, isAutoscaled, running, serve, serves, type InferenceService, type ServiceOptions } from '../../lib/service.ts';
import type { Row } from './row.ts';

export const namespace = 'e2e-served';
export const service = 'tiny-moe';
export const storage = 's3://models/served/';
export const model = `${storage}tiny-moe/`;
/** Of all rows: each finds the model there that was published before the first one. */
export const output = `${storage}pruned/`;

export interface Before {
  /** As it was applied, and what came of it. */
  readonly wanted: InferenceService;
  readonly service: InferenceService;
  readonly pods: readonly (string | undefined)[];
}

export class Scene implements AsyncDisposable {
  readonly name: string;
  readonly before: Before;
  readonly history: History;
  readonly requests: RequestLoop;

  private constructor(name: string, before: Before, history: History, requests: RequestLoop) {
    this.name = name;
    this.before = before;
    this.history = history;
    this.requests = requests;
  }

  static async begin({ name, served = {}, owner, overlay = {} }: Row): Promise<Scene> {
    const before = await dense({ uri: model, gpus: 4, ...served }, owner);
    const scene = new Scene(name, before, await History.begin(namespace), await RequestLoop.begin(service, namespace));
    const base = { model: { uri: model }, output: { uri: output }, serving: { soak: '3s' } };
    await apply(await samplePruneJob(name, base, overlay), namespace);
    return scene;
  }

  get pruneJob(): PruneJob | undefined {
    return this.history.latest(this.name);
  }

  get service(): InferenceService | undefined {
    return this.history.services(service).at(-1);
  }

  /** The PruneJob as it was then. */
  reaches(what: string, reached: (job: PruneJob) => boolean): Promise<PruneJob> {
    return this.history.reaches(this.name, what, reached);
  }

  /** Over, and let go of: nothing is left to happen. */
  async ends(): Promise<PruneJob> {
    await this.reaches('its end', finished);
    await this.history.until(`the finalizer of ${this.name} to go`, patience, () => !(this.pruneJob?.metadata.finalizers ?? []).includes(finalizer));
    return this.pruneJob as PruneJob;
  }

  async patch(spec: object): Promise<void> {
    await kubectl(['patch', 'prunejob', this.name, '-n', namespace, '--type=merge', '-p', JSON.stringify({ spec })]);
  }

  /** Of a hand-over that did not end as it should, nothing is to stand in the way of the next one. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.requests.end();
    await this.history[Symbol.asyncDispose]();
    await kubectl(['delete', 'prunejob', this.name, '-n', namespace, '--ignore-not-found', '--wait']);
  }
}

/** The service as nobody ever moved it: the one that runs, if that is so, else a new one. */
async function dense(options: ServiceOptions, owner: string | undefined): Promise<Before> {
  const wanted = await inferenceService(service, options);
  const present = await live();
  if (present === undefined || !isPristine(present, wanted) || !(await serves(service, namespace, options))) {
    await kubectl(['delete', 'inferenceservice', service, '-n', namespace, '--ignore-not-found', '--wait']);
    await serve(service, namespace, options);
  }
  if (owner !== undefined) await applyAs(owner, wanted);
  const [object, now] = await Promise.all([live(), running(service, namespace)]);
  if (object === undefined || now === undefined) throw new Error(`InferenceService ${service} is gone.`);
  return { wanted, service: object, pods: now.pods.map(({ metadata }) => metadata.uid) };
}

/** With its managedFields. */
export function live(): Promise<InferenceService | undefined> {
  return get<InferenceService>('inferenceservice', service, namespace, '--show-managed-fields');
}

/** As a field manager that takes what others hold. */
export async function applyAs(fieldManager: string, object: InferenceService): Promise<void> {
  await kubectl(['apply', '-n', namespace, '--server-side', '--force-conflicts', `--field-manager=${fieldManager}`, '-f', '-'], JSON.stringify(object));
}

const makers = ['kubectl-client-side-apply', 'kserve-manager'];

function isPristine(present: InferenceService, wanted: InferenceService): boolean {
  const makings = (service: InferenceService) => [service.spec.predictor.model.runtime, service.spec.predictor.serviceAccountName, isAutoscaled(service)].join();
  return makings(present) === makings(wanted) && (present.metadata.managedFields ?? []).every(({ manager }) => makers.includes(manager));
}
