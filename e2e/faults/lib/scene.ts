/** One PruneJob of the small model with an output of its own, and what may be asked about it while a fault happens to it. */
import { finalizer, type Stage } from '../../../src/api/names.ts';
import { apply, kubectl } from '../../lib/kubectl.ts';
import { finished, isTrue, samplePruneJob, type Overlay, type PruneJob } from '../../lib/prunejob.ts';
import { running, serve, type Running } from '../../lib/service.ts';
import { History } from '../../lib/history.ts';
import { patience } from '../../lib/patience.ts';

export const namespace = 'e2e-faults';
export const service = 'tiny-moe';
export const storage = 's3://models/faults/';
export const model = `${storage}tiny-moe/`;

/** The engine's container gets these as well. */
export function engineContainer(fields: Overlay): Overlay {
  return { runner: { podTemplate: { spec: { containers: [{ name: 'engine', env: [everyLayer], ...fields }] } } } };
}

const everyLayer = { name: 'STUN_CHECKPOINT_EVERY', value: '1' };
/** More text than the sample has, or the engine were done before a fault could meet it; a checkpoint behind every layer. */
const slower = { calibration: { samples: 90, sequenceLength: 128 }, ...engineContainer({}) };

export interface SceneOptions {
  readonly name: string;
  /** Replaces fields of the documentation's sample. */
  readonly overlay?: Overlay;
  /** Whether there is a service on 4 GPUs to move to 2. */
  readonly served?: boolean;
}

export class Scene implements AsyncDisposable {
  readonly name: string;
  readonly output: string;
  readonly history: History;
  /** What the service ran before; undefined where there is none. */
  readonly before: Running | undefined;

  private constructor(name: string, history: History, before: Running | undefined) {
    this.name = name;
    this.output = `${storage}pruned/${name}/`;
    this.history = history;
    this.before = before;
  }

  /** The service as it was before any pruning, or none at all; then the PruneJob. */
  static async begin({ name, overlay = {}, served = false }: SceneOptions): Promise<Scene> {
    if (served) await serve(service, namespace, { uri: model, gpus: 4 });
    else await kubectl(['delete', 'inferenceservice', service, '-n', namespace, '--ignore-not-found', '--wait']);
    const scene = new Scene(name, await History.begin(namespace), served ? await running(service, namespace) : undefined);
    const own = { model: { uri: model }, output: { uri: scene.output }, serving: served ? { soak: '5s', strategy: 'Surge' } : undefined };
    await apply(await samplePruneJob(name, slower, own, overlay), namespace);
    return scene;
  }

  get pruneJob(): PruneJob | undefined {
    return this.history.latest(this.name);
  }

  async reachesPhase(phase: string): Promise<void> {
    await this.reaches(`phase ${phase}`, (job) => job.status?.phase === phase);
  }

  async reaches(what: string, reached: (job: PruneJob) => boolean): Promise<void> {
    await this.history.reaches(this.name, what, reached);
  }

  async ends(): Promise<PruneJob> {
    await this.reaches('its end', finished);
    return this.pruneJob as PruneJob;
  }

  /** Over, and let go of: nobody is needed any more for what is left to happen. */
  async isReleased(): Promise<void> {
    await this.ends();
    await this.history.until(`the finalizer of ${this.name} to go`, 60, () => this.released);
  }

  get released(): boolean {
    const { pruneJob } = this;
    return pruneJob !== undefined && finished(pruneJob) && !(pruneJob.metadata.finalizers ?? []).includes(finalizer);
  }

  async startsJob(stage: Stage): Promise<void> {
    await this.history.until(`the ${stage} Job of ${this.name}`, patience, () => this.history.created('jobs', `${this.name}-${stage}-`).length > 0);
  }

  /** Of a PruneJob that did not end as it should, nothing is to stand in the way of the next one. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.history[Symbol.asyncDispose]();
    await kubectl(['delete', 'prunejob', this.name, '-n', namespace, '--ignore-not-found', '--wait=false']);
  }
}

export function holds(type: string): (job: PruneJob) => boolean {
  return (job) => isTrue(job, type);
}
