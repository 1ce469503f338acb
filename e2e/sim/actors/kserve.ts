/** KServe and the Deployment controller: render an InferenceService and its canary, replace pods by the Deployment's strategy, and report. */
import type { Commit } from '../api-server/storage.ts';
import { isTrue, type Deployment } from '../../../src/prunejob/kube.ts';
import { inferenceServiceType, serviceLabel, type InferenceService, type Predictor } from '../../../src/prunejob/serving/kserve-types.ts';
import { keyOf, typeId } from '../../../src/runtime/keys.ts';
import type { KubeObject } from '../../../src/runtime/types.ts';
import { deploymentType, networkServiceType, podType, replicaSetType } from '../../../src/shell/resources.ts';
import type { LiveDeployment, LivePod, LiveReplicaSet } from '../../../src/shell/stores.ts';
import { sourceUri } from './model-server.ts';
import { expose } from './network-services.ts';
import { Reactor } from './reactor.ts';
import type { World } from './world.ts';

const by = { manager: 'kserve' };
const revision = 'deployment.kubernetes.io/revision';

type Template = NonNullable<NonNullable<Deployment['spec']>['template']>;

interface DeploymentSpec extends NonNullable<Deployment['spec']> {
  readonly strategy?: { readonly type?: string };
  readonly template: Template;
}

type Service = InferenceService & KubeObject;

/** What has a Deployment of its own. */
interface Variant {
  readonly name: string;
  readonly predictor: Predictor;
}

interface Pods {
  readonly newest: LiveReplicaSet;
  readonly new: readonly LivePod[];
  readonly old: readonly LivePod[];
}

export class KServe {
  readonly #world: World;
  readonly #reactor: Reactor;
  #pods = 0;

  constructor(world: World) {
    this.#world = world;
    this.#reactor = new Reactor(world.scheduler, world.random, (key) => { this.#sync(key); });
    world.server.storage.onCommit((commit) => { this.#hear(commit); });
  }

  #hear({ type, key, before, after }: Commit): void {
    if (typeId(type) === typeId(inferenceServiceType)) this.#reactor.poke(key, 20, 2500);
    const { labels, namespace = '' } = (after ?? before)?.metadata ?? { name: '' };
    const service = labels?.[serviceLabel];
    if (service !== undefined) this.#reactor.poke(`${namespace}/${service}`);
  }

  #sync(key: string): void {
    const service = (this.#world.server.get(inferenceServiceType, key) as Service | undefined);
    if (service === undefined) return;
    const [stable, ...canaries] = variants(service);
    for (const canary of canaries) this.#roll(this.#render(service, canary));
    this.#dropOthers(service, [stable, ...canaries].map(({ name }) => name));
    const deployment = this.#render(service, stable);
    this.#report(service, this.#roll(deployment));
  }

  #roll(deployment: LiveDeployment): Pods {
    const pods = this.#podsOf(deployment);
    this.#replace(deployment, pods);
    const standing = standingOf(pods);
    const status = { observedGeneration: deployment.metadata.generation ?? 1, replicas: standing.length, updatedReplicas: pods.new.length, availableReplicas: standing.filter(isReady).length };
    this.#world.server.update<LiveDeployment>(deploymentType, keyOf(deployment), (live) => ({ ...live, status }), by);
    return pods;
  }

  /** Of a canary that is taken away; its pods go by the garbage collector. */
  #dropOthers({ metadata: { name, namespace } }: Service, kept: readonly string[]): void {
    const { server } = this.#world;
    const isOther = ({ metadata }: KubeObject): boolean => metadata.namespace === namespace && metadata.labels?.[serviceLabel] === name && !kept.includes(metadata.name);
    for (const type of [deploymentType, networkServiceType]) for (const object of server.list(type).filter(isOther)) server.delete(type, keyOf(object), {}, by);
  }

  #render(service: Service, variant: Variant): LiveDeployment {
    const { server } = this.#world;
    const { name, namespace = '' } = service.metadata;
    const key = `${namespace}/${variant.name}`;
    const spec = { replicas: 1, strategy: variant.predictor.deploymentStrategy ?? { type: 'RollingUpdate' }, template: template(service, variant) };
    const ownerReferences = [{ apiVersion: 'serving.kserve.io/v1beta1', kind: 'InferenceService', name, uid: service.metadata.uid ?? '', controller: true }];
    const metadata = { name: variant.name, namespace, labels: { [serviceLabel]: name }, ownerReferences };
    if (server.get(deploymentType, key) === undefined) server.create(deploymentType, { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec } as KubeObject, by);
    server.update<LiveDeployment>(deploymentType, key, (live) => ({ ...live, spec }), by);
    expose(server, metadata, by);
    return server.get(deploymentType, key) as LiveDeployment;
  }

  /** The newest ReplicaSet is the one of the template as it is now; an old one is taken up again under a new revision. */
  #podsOf(deployment: LiveDeployment): Pods {
    const { server } = this.#world;
    const sets = (server.list(replicaSetType) as readonly LiveReplicaSet[]).filter((set) => isOwnedBy(set, deployment));
    const hash = JSON.stringify(deployment.spec?.template);
    const newest = this.#newest(deployment, sets, hash);
    const alive = (server.list(podType) as readonly LivePod[]).filter((pod) => [...sets, newest].some((set) => isOwnedBy(pod, set)) && !['Failed', 'Succeeded'].includes(pod.status?.phase ?? ''));
    const isNew = (pod: LivePod): boolean => isOwnedBy(pod, newest) && pod.metadata.deletionTimestamp === undefined;
    return { newest, new: alive.filter(isNew), old: alive.filter((pod) => !isNew(pod)) };
  }

  #newest(deployment: LiveDeployment, sets: readonly LiveReplicaSet[], hash: string): LiveReplicaSet {
    const { server } = this.#world;
    const last = Math.max(0, ...sets.map(revisionOf));
    const same = sets.find((set) => set.metadata.annotations?.['sim/template'] === hash);
    if (same !== undefined && revisionOf(same) === last) return same;
    const annotations = { [revision]: `${last + 1}`, 'sim/template': hash };
    if (same !== undefined) {
      server.update<LiveReplicaSet>(replicaSetType, keyOf(same), (live) => ({ ...live, metadata: { ...live.metadata, annotations } }), by);
      return server.get(replicaSetType, keyOf(same)) as LiveReplicaSet;
    }
    const { name, namespace = '', uid = '', labels = {} } = deployment.metadata;
    const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'Deployment', name, uid, controller: true }];
    const metadata = { name: `${name}-${last + 1}`, namespace, labels, annotations, ownerReferences };
    return server.create(replicaSetType, { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata }, by);
  }

  #replace(deployment: LiveDeployment, pods: Pods): void {
    const recreate = (deployment.spec as DeploymentSpec).strategy?.type === 'Recreate';
    if (recreate || pods.new.some(isReady)) for (const pod of pods.old) this.#delete(pod);
    if (pods.new.length === 0 && (!recreate || pods.old.length === 0)) this.#createPod(deployment, pods.newest);
  }

  #createPod(deployment: LiveDeployment, { metadata: { name, namespace = '', uid = '', labels = {} } }: LiveReplicaSet): void {
    const { template } = deployment.spec as DeploymentSpec;
    const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name, uid, controller: true }];
    const metadata = { name: `${name}-${this.#pods++}`, namespace, labels, annotations: template.metadata?.annotations ?? {}, ownerReferences };
    this.#world.server.create(podType, { apiVersion: 'v1', kind: 'Pod', metadata, spec: template.spec, status: { phase: 'Pending' } } as KubeObject, by);
  }

  #delete(pod: LivePod): void {
    if (pod.metadata.deletionTimestamp === undefined) this.#world.server.delete(podType, keyOf(pod), {}, by);
  }

  /** The service speaks for its stable predictor alone. */
  #report(service: Service, pods: Pods): void {
    const { server } = this.#world;
    const available = standingOf(pods).filter(isReady).length;
    const upToDate = pods.new.some(isReady) && pods.old.length === 0;
    const ready = { deploymentMode: 'Standard', conditions: [{ type: 'Ready', status: available > 0 ? 'True' : 'False' }], modelStatus: { transitionStatus: upToDate ? 'UpToDate' : 'InProgress' } };
    server.update<Service>(inferenceServiceType, keyOf(service), (live) => ({ ...live, status: ready }), by);
  }
}

/** A canary's entry is laid over the stable predictor. */
function variants({ metadata, spec }: Service): readonly [Variant, ...Variant[]] {
  const stable = spec?.predictor ?? {};
  const canaries = (spec?.canary ?? []).map(({ predictor = {} }) => ({ name: `${metadata.name}-${predictor.name ?? ''}-predictor`, predictor: { ...stable, ...predictor, model: { ...stable.model, ...predictor.model } } }));
  return [{ name: `${metadata.name}-predictor`, predictor: stable }, ...canaries];
}

/** KServe copies the service's annotations, so a receipt alone replaces every pod. */
function template({ metadata }: Service, { predictor: { annotations, model = {} } }: Variant): Template {
  const { storageUri = '', args = [], resources = {} } = model;
  return { metadata: { annotations: { ...metadata.annotations, ...annotations, [sourceUri]: storageUri } }, spec: { containers: [{ name: 'kserve-container', args, resources }] } };
}

function standingOf(pods: Pods): readonly LivePod[] {
  return [...pods.new, ...pods.old.filter(({ metadata }) => metadata.deletionTimestamp === undefined)];
}

function isOwnedBy({ metadata }: KubeObject, owner: KubeObject): boolean {
  return metadata.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid) === true;
}

function isReady({ metadata, status }: LivePod): boolean {
  return metadata.deletionTimestamp === undefined && isTrue(status?.conditions, 'Ready');
}

function revisionOf({ metadata }: LiveReplicaSet): number {
  return Number(metadata.annotations?.[revision] ?? 0);
}
