/** One PruneJob in a queue, every change that it went through, and the end that all rows share. */
import { expect } from 'vitest';

import { finalizer } from '../../../src/api/names.ts';
import { History } from '../../lib/history.ts';
import { apply, kubectl } from '../../lib/kubectl.ts';
import { patience } from '../../lib/patience.ts';
import { condition, explain, finished, isTrue, merge, samplePruneJob, type Overlay, type PruneJob } from '../../lib/prunejob.ts';
import * as s3 from '../../lib/s3.ts';
import { specUnder } from './page.ts';
import { model, namespace, storage } from './place.ts';
import { jobsOf } from './queue.ts';

/** More text than the sample has, or the engine were done before anything could be taken from it; a checkpoint behind every layer. */
const slower = {
  calibration: { samples: 90, sequenceLength: 128 },
  runner: { podTemplate: { spec: { containers: [{ name: 'engine', env: [{ name: 'STUN_CHECKPOINT_EVERY', value: '1' }] }] } } },
};

export class Scene implements AsyncDisposable {
  readonly name: string;
  readonly history: History;

  private constructor(name: string, history: History) {
    this.name = name;
    this.history = history;
  }

  /** In the queue of the documentation, unless the row names another. */
  static async begin(name: string, overlay: Overlay = {}): Promise<Scene> {
    const scene = new Scene(name, await History.begin(namespace));
    const own = { model: { uri: model }, output: { uri: scene.output }, serving: undefined };
    await apply(await samplePruneJob(name, slower, own, merge(specUnder('Queue a run'), overlay)), namespace);
    return scene;
  }

  get output(): string {
    return `${storage}${this.name}/`;
  }

  get pruneJob(): PruneJob | undefined {
    return this.history.latest(this.name);
  }

  /** The PruneJob as it was then. */
  reaches(what: string, reached: (job: PruneJob) => boolean): Promise<PruneJob> {
    return this.history.reaches(this.name, what, reached);
  }

  /** Held by the queue for this reason, which its message says in Kueue's words. */
  async waitsBecause(reason: string, says: RegExp): Promise<PruneJob> {
    const matches = (job: PruneJob): boolean => isTrue(job, 'Queued') && condition(job, 'Queued')?.reason === reason && says.test(condition(job, 'Queued')?.message ?? '');
    const job = await this.reaches(`Queued with ${reason}: ${says.source}`, matches);
    expect(job.status?.phase).toBe('Queued');
    expect((await jobsOf(this.name)).map(({ spec }) => spec.suspend)).toEqual([true]);
    return job;
  }

  async prunes(): Promise<void> {
    const job = await this.reaches('phase Pruning', ({ status }) => status?.phase === 'Pruning');
    expect(condition(job, 'Queued')?.status).toBe('False');
  }

  /** One model, whole, made by these Jobs and by as many pods; no try of a Job was spent. */
  async completes(jobs: readonly string[], pods: number): Promise<void> {
    const job = await this.reaches('its end', finished);
    expect(isTrue(job, 'Complete'), explain(job)).toBe(true);
    expect(this.history.created('jobs', `${this.name}-`)).toEqual(jobs.map((suffix) => `${this.name}-${suffix}`));
    expect(this.history.created('pods', `${this.name}-prune-`)).toHaveLength(pods);
    expect((await jobsOf(this.name)).map(({ status }) => status?.failed ?? 0), 'failed pods that the Job counts').toEqual([0]);
    const stored = await s3.list(this.output);
    expect(stored.filter(({ key }) => key.endsWith('stun-manifest.json')), 'published models').toHaveLength(1);
    await s3.engine('verify', '--model', job.status?.result?.uri ?? '');
    await this.history.until(`the finalizer of ${this.name} to go`, patience, () => !(this.pruneJob?.metadata.finalizers ?? []).includes(finalizer));
  }

  /** Nothing of it is to take the quota of the next row. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.history[Symbol.asyncDispose]();
    await kubectl(['delete', 'prunejob', this.name, '-n', namespace, '--ignore-not-found', '--wait']);
  }
}
