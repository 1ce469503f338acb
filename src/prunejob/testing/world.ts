/**
 * A cluster small enough to be a value: it carries out decisions and moves Jobs and the service on, one step at a time.
 *
 * Tests drive whole lives of a PruneJob through it; every step checks what must never happen.
 */
import type { PruneJob } from '../../api/v1alpha1/prunejob.ts';
import { compact } from '../compact.ts';
import { decide } from '../decide.ts';
import type { Action, Decision } from '../decision.ts';
import type { ConfigMap, KubeObject } from '../kube.ts';
import type { ChildJob, Observed, Stage } from '../observed.ts';
import type { Running, ServiceObserved } from '../serving/adapter.ts';
import { readCanary } from '../serving/kserve-canary.ts';
import type { InferenceService } from '../serving/kserve-types.ts';
import { receiptText } from '../serving/receipt.ts';
import { readGPUs } from '../serving/resources.ts';
import { isFinished } from '../failure/failure.ts';
import { isHeld } from '../queue/kueue.ts';
import { Ownership } from './ownership.ts';
import { endedPod, facts, job, now, observed, result, runningPod, serviceObject } from './builders.ts';

export class World {
  observed: Observed;
  clock = now;
  decisions: Decision[] = [];
  configMaps = new Map<string, ConfigMap>();
  private ownership = new Ownership();

  constructor(overrides: Partial<Observed> = {}) {
    this.observed = observed(overrides);
  }

  /** A run whose result is there, but not yet acted upon. */
  static published(overrides: Partial<Observed> = {}): World {
    const world = World.pruning(overrides);
    world.pruned();
    return world;
  }

  /** The engine is at work. */
  static pruning(overrides: Partial<Observed> = {}): World {
    const world = new World(overrides);
    world.settle();
    world.inspected();
    world.settle();
    world.start('prune');
    world.settle();
    return world;
  }

  /** Published, moved to the new pods, and through the soak of two minutes. */
  static completed(overrides: Partial<Observed> = {}): World {
    const world = World.published(overrides);
    world.settle();
    world.serve();
    return world;
  }

  /** The pods come up, and stay for the soak of two minutes. */
  serve(): void {
    this.roll();
    this.settle();
    this.pass(121);
    this.settle();
  }

  /** Deleted by a user, with our finalizer still on it. */
  remove(): void {
    const { metadata } = this.pruneJob;
    this.change({ pruneJob: { ...this.pruneJob, metadata: { deletionTimestamp: this.clock.toISOString(), ...metadata } } });
  }

  get pruneJob(): PruneJob {
    return this.observed.pruneJob;
  }

  get phase(): string {
    return this.pruneJob.status?.phase ?? '';
  }

  get service(): ServiceObserved {
    if (typeof this.observed.service === 'string') throw new Error('There is no service.');
    return this.observed.service;
  }

  condition(type: string): { status: string; reason: string; message: string } | undefined {
    return this.pruneJob.status?.conditions?.find((condition) => condition.type === type);
  }

  change(overrides: Partial<Observed>): void {
    this.observed = { ...this.observed, ...overrides };
  }

  changeSpec(overrides: Partial<PruneJob['spec']>): void {
    this.change({ pruneJob: { ...this.pruneJob, spec: { ...this.pruneJob.spec, ...overrides } } });
  }

  changeService(overrides: Partial<ServiceObserved>): void {
    const changed = { ...this.service, ...overrides };
    this.change({ service: { ...changed, object: serviceObject(changed.fields) } });
  }

  pass(seconds: number): void {
    this.clock = new Date(this.clock.getTime() + seconds * 1000);
  }

  /** Decides and acts once. */
  reconcile(): Decision {
    const decision = decide(this.observed, this.clock);
    this.decisions.push(decision);
    for (const action of decision.actions) this.act(action);
    this.change({ pruneJob: { ...this.pruneJob, status: decision.status } });
    return decision;
  }

  /** Reconciles until an action of this kind is done, of whose status nothing is written: the process was killed, or somebody else wrote. */
  loseNoteOf(kind: Action['kind']): void {
    for (let turn = 0; turn < 20; turn += 1) {
      const { status } = this.pruneJob;
      if (!this.reconcile().actions.some((action) => action.kind === kind)) continue;
      this.change({ pruneJob: compact({ ...this.pruneJob, status }) });
      return;
    }
    throw new Error(`Nothing did ${kind}.`);
  }

  /** Reconciles until nothing changes any more. */
  settle(): void {
    for (let turn = 0; turn < 30; turn += 1) {
      const before = JSON.stringify(this.observed);
      this.reconcile();
      this.reap();
      if (JSON.stringify(this.observed) === before) return;
    }
    throw new Error(`The decisions never came to rest: ${JSON.stringify(this.pruneJob.status)}`);
  }

  /** What the engine and the kubelet do: the active Job of this stage ends. */
  end(stage: Stage, terminated: { exitCode: number; message?: object; jobReason?: string }): void {
    const { exitCode, message, jobReason } = terminated;
    const condition = exitCode === 0 ? { type: 'Complete', status: 'True' } : { type: 'Failed', status: 'True', reason: jobReason ?? 'PodFailurePolicy' };
    const pod = endedPod({ exitCode, ...(message === undefined ? {} : { message: JSON.stringify(message) }) });
    this.replaceChildren(stage, (child) => ({ ...child, job: { ...child.job, status: { conditions: [condition] } }, pods: [pod] }));
  }

  /** The pods of deleted Jobs end, and their Jobs go, with a deleted claim that only they held. */
  reap(): void {
    this.change({ childJobs: this.observed.childJobs.filter(({ job }) => job.metadata.deletionTimestamp === undefined) });
    this.collectClaim();
  }

  /** A Job that a queue holds gets no pod. */
  start(stage: Stage): void {
    this.replaceChildren(stage, (child) => (isHeld(child.job) ? child : { ...child, pods: [runningPod()] }));
  }

  /** A queue lets the unfinished Jobs go, or takes them back with their pods. */
  hold(suspend: boolean): void {
    const held = (child: ChildJob): ChildJob => ({ ...child, job: { ...child.job, spec: { ...child.job.spec, suspend } }, pods: suspend ? [] : child.pods });
    this.change({ childJobs: this.observed.childJobs.map((child) => (isFinished(child.job) ? child : held(child))) });
  }

  /** KServe renders the service's fields; its pods follow, or are still on their way. */
  roll(settled = true): void {
    const { fields } = this.service;
    const parallel = Number(/[0-9]+$/.exec(fields.args?.[0] ?? '')?.[0]);
    this.changeService({ running: { modelUri: fields.modelUri, gpusPerReplica: fields.gpuLimit ?? 0, tensorParallel: parallel, settled } });
  }

  /** The canary's pod comes up, or is on its way, or fails; its Service has been there since it was asked for. */
  rollCanary(changes: Partial<Running> = {}): void {
    const { modelUri = '', args = [], gpuLimit = 0 } = this.service.fields.canary ?? {};
    const parallel = Number(/[0-9]+$/.exec(args[0] ?? '')?.[0]);
    this.changeService({ canary: { modelUri, gpusPerReplica: gpuLimit, tensorParallel: parallel, settled: true, ...changes } });
    this.change({ endpoints: { serving: 'http://10.96.0.7:80', canary: 'http://10.96.0.8:80' } });
  }

  inspected(overrides: Parameters<typeof facts>[0] = {}): void {
    this.end('inspect', { exitCode: 0, message: facts(overrides) });
  }

  pruned(overrides: Parameters<typeof result>[0] = {}): void {
    this.end('prune', { exitCode: 0, message: result(overrides) });
  }

  private replaceChildren(stage: Stage, replace: (child: ChildJob) => ChildJob): void {
    this.change({ childJobs: this.observed.childJobs.map((child) => (child.stage === stage && !isFinished(child.job) ? replace(child) : child)) });
  }

  private act(action: Action): void {
    if (action.kind === 'WriteConfigMap') this.configMaps.set(action.manifest.metadata.name, action.manifest);
    else this.actOnOthers(action);
  }

  private actOnOthers(action: Exclude<Action, { kind: 'WriteConfigMap' }>): void {
    switch (action.kind) {
      case 'AddFinalizer':
        this.setFinalizers(['stun-operator.io/finalizer']);
        break;
      case 'RemoveFinalizer':
        this.setFinalizers([]);
        break;
      case 'CreateJob':
        this.createJob(action.manifest);
        break;
      case 'CreateClaim':
        this.change({ scratch: { metadata: { uid: 'uid-scratch', ...action.manifest.metadata } } });
        break;
      case 'DeleteClaim':
        this.deleteClaim();
        break;
      case 'DeleteJob':
        this.markDeleted(action.uid);
        break;
      case 'UpdateJob':
        this.updateJob(action);
        break;
      case 'ApplyService':
        this.apply(action.object);
        break;
      case 'ReleaseService':
        this.release();
        break;
    }
  }

  /** By the operator, or by a user. */
  deleteClaim(): void {
    const { scratch } = this.observed;
    if (scratch === undefined) return;
    this.change({ scratch: { metadata: { ...scratch.metadata, deletionTimestamp: this.clock.toISOString() } } });
    this.collectClaim();
  }

  /** A pod that uses a claim keeps it. */
  private collectClaim(): void {
    const { scratch, childJobs } = this.observed;
    const used = childJobs.some(({ stage, job, pods }) => stage === 'prune' && !isFinished(job) && pods.length > 0);
    if (scratch?.metadata.deletionTimestamp !== undefined && !used) this.observed = compact({ ...this.observed, scratch: undefined });
  }

  private setFinalizers(finalizers: string[]): void {
    this.change({ pruneJob: { ...this.pruneJob, metadata: { ...this.pruneJob.metadata, finalizers } } });
  }

  private createJob({ metadata, spec }: KubeObject): void {
    const stage = metadata.labels?.['stun-operator.io/stage'] as Stage;
    const attempt = Number(metadata.labels?.['stun-operator.io/attempt']);
    const { activeDeadlineSeconds, suspend } = spec as { activeDeadlineSeconds: number; suspend?: boolean };
    const base = job(metadata.name);
    const created = { ...base, metadata: compact({ ...base.metadata, labels: metadata.labels }), spec: compact({ activeDeadlineSeconds, suspend }) };
    this.change({ childJobs: [...this.observed.childJobs, { stage, attempt, job: created, pods: [] }] });
  }

  private markDeleted(uid: string): void {
    const deletionTimestamp = this.clock.toISOString();
    const marked = (child: ChildJob): ChildJob => ({ ...child, job: { ...child.job, metadata: { ...child.job.metadata, deletionTimestamp } } });
    this.change({ childJobs: this.observed.childJobs.map((child) => (child.job.metadata.uid === uid ? marked(child) : child)) });
  }

  private updateJob({ uid, spec }: Extract<Action, { kind: 'UpdateJob' }>): void {
    this.change({ childJobs: this.observed.childJobs.map((child) => (child.job.metadata.uid === uid ? { ...child, job: { ...child.job, spec: { ...child.job.spec, ...spec } } } : child)) });
  }

  private release(): void {
    this.ownership.release(this.service.managedByUs, this.writable());
    this.changeService({ managedByUs: false });
  }

  /** Fields by their own names, as server-side apply sees them. */
  private writable(): Readonly<Record<string, unknown>> {
    const { stable, ...fields } = this.service.fields;
    return compact({ ...fields, minReplicas: stable?.minReplicas });
  }

  /** Server-side apply by one manager: what it leaves out, and nobody else set, goes. */
  private apply(object: KubeObject): void {
    const service = object as InferenceService;
    const { deploymentStrategy, model = {} } = service.spec?.predictor ?? {};
    const applied = { modelUri: model.storageUri, args: model.args, ...readGPUs(model.resources), deploymentStrategy, receipt: receiptText(service), canary: readCanary(service) };
    const { managedByUs, fields: { stable } } = this.service;
    const { minReplicas, ...after } = this.ownership.apply(managedByUs, this.writable(), { ...applied, minReplicas: service.spec?.predictor?.minReplicas });
    const kept = compact({ ...stable, minReplicas: minReplicas as number | undefined });
    this.changeService({ managedByUs: true, fields: compact({ modelUri: '', ...after, stable: Object.keys(kept).length === 0 ? undefined : kept }) });
    if (applied.canary === undefined) this.change({ service: compact({ ...this.service, canary: undefined }) });
  }
}

