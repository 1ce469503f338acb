/**
 * Leader election on a Lease. Whether the holder is alive is judged by whether we see it renew, on our own clock:
 * comparing the holder's times with ours would make every clock that is wrong a second leader.
 */
import { microTime, sleep, type Clock } from './clock.ts';
import { asError, isAlreadyExists, isInvalid, isNotFound } from './errors.ts';
import type { Client, KubeObject, ResourceType } from './types.ts';
import type { Logger } from '../telemetry/log.ts';
import type { RuntimeMetrics } from '../telemetry/metrics.ts';

export interface LeaseName {
  readonly namespace: string;
  readonly name: string;
  /** Unique for each process. */
  readonly identity: string;
}

export interface LeaderOptions extends LeaseName {
  /** Its requests must time out well before the renew deadline. */
  readonly client: Pick<Client, 'get' | 'create' | 'jsonPatch'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: RuntimeMetrics;
  readonly random?: () => number;
}

interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

interface Lease extends KubeObject {
  readonly spec?: LeaseSpec;
}

const LEASE: ResourceType = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases', kind: 'Lease', namespaced: true };
/** Others may take over this long after the last renewal they saw... */
const LEASE_SECONDS = 15;
/** ...and a leader that could not renew for this long stops by itself, so that its last requests are over before that. */
const RENEW_DEADLINE_MS = 10_000;
const RETRY_MS = 2_000;
/** Sooner after a failure: on a network that loses one request in ten, the deadline must hold more than two tries. */
const RETRY_FAILED_MS = 500;
const JITTER = 0.2;
/** A lease given back expires at once for whoever goes by its length. */
const RELEASED_SECONDS = 1;

export class LostLeaseError extends Error {
  override readonly name = 'LostLeaseError';
}

export class LeaderElector {
  readonly #options: LeaderOptions;
  readonly #random: () => number;
  #lease: Lease | undefined;
  /** When the holder was last seen to renew. */
  #observedAt = 0;
  /** When our last successful renewal was sent; undefined: not leading. */
  #renewedAt: number | undefined;

  constructor(options: LeaderOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    options.metrics.leading.set({ name: options.name }, 0);
  }

  /** Judged at the moment of asking: a process that slept through its deadline knows it before any timer tells it. */
  get leading(): boolean {
    return this.#renewedAt !== undefined && this.#options.clock.elapsedMs() - this.#renewedAt < RENEW_DEADLINE_MS;
  }

  /** It leads, has not renewed for the whole life of the lease, and has not noticed. */
  get overdue(): boolean {
    return this.#renewedAt !== undefined && this.#options.clock.elapsedMs() - this.#renewedAt > LEASE_SECONDS * 1000;
  }

  /** Waits for the lease, calls `onLeading` once, and renews until aborted; then gives the lease back. Rejects with `LostLeaseError` when it is lost. */
  async run(signal: AbortSignal, onLeading: () => void): Promise<void> {
    const { log, metrics, name, identity } = this.#options;
    await this.#acquire(signal);
    if (this.#renewedAt === undefined) return;
    log.info('This process leads.', { lease: name, identity });
    metrics.leading.set({ name }, 1);
    try {
      onLeading();
      await this.#renew(signal);
      await this.#release();
    } finally {
      this.#renewedAt = undefined;
      metrics.leading.set({ name }, 0);
    }
  }

  async #acquire(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#try();
      if (this.leading) return;
      await this.#pause(signal);
    }
  }

  async #renew(signal: AbortSignal): Promise<void> {
    await this.#pause(signal);
    while (!signal.aborted) {
      const answered = await this.#try();
      if (!this.leading) throw this.#lost();
      await this.#pause(signal, answered ? RETRY_MS : RETRY_FAILED_MS);
    }
  }

  #lost(): LostLeaseError {
    const { namespace, name, identity } = this.#options;
    const holder = this.#lease?.spec?.holderIdentity ?? '';
    const why = holder === identity ? `it could not be renewed for ${RENEW_DEADLINE_MS / 1000} s` : `"${holder}" holds it now`;
    return new LostLeaseError(`This process lost the lease ${namespace}/${name}: ${why}. It stops, and takes part again when restarted.`);
  }

  #pause(signal: AbortSignal, ms = RETRY_MS): Promise<void> {
    return sleep(this.#options.clock, ms * (1 + JITTER * this.#random()), signal);
  }

  /** One attempt to take or keep the lease; false when the server gave no answer, which is only logged: the next attempt is near. */
  async #try(): Promise<boolean> {
    const sentAt = this.#options.clock.elapsedMs();
    try {
      if (await this.#takeOrKeep()) this.#renewedAt = sentAt;
      else if (!this.#heldByUs()) this.#renewedAt = undefined;
      return true;
    } catch (thrown) {
      this.#options.log.warn('The lease could not be read or written.', { lease: this.#options.name, error: asError(thrown) });
      return false;
    }
  }

  /** A leader writes straight on the version it knows; only when somebody else has written or deleted since does it read first. */
  async #takeOrKeep(): Promise<boolean> {
    if (this.#heldByUs() && (await this.#write(this.#ourSpec()))) return true;
    await this.#read();
    if (this.#lease === undefined) return this.#create();
    if (!this.#heldByUs() && !this.#expired()) return false;
    return this.#write(this.#ourSpec());
  }

  async #read(): Promise<void> {
    this.#observe(await this.#options.client.get<Lease>({ type: LEASE, ...this.#where() }));
  }

  #observe(lease: Lease | undefined): void {
    const before = this.#lease?.spec;
    const now = lease?.spec;
    if (before?.holderIdentity !== now?.holderIdentity || before?.renewTime !== now?.renewTime) this.#observedAt = this.#options.clock.elapsedMs();
    this.#lease = lease;
  }

  #heldByUs(): boolean {
    return this.#lease?.spec?.holderIdentity === this.#options.identity;
  }

  #expired(): boolean {
    const { holderIdentity = '', leaseDurationSeconds = LEASE_SECONDS } = this.#lease?.spec ?? {};
    return holderIdentity === '' || this.#options.clock.elapsedMs() - this.#observedAt >= leaseDurationSeconds * 1000;
  }

  #ourSpec(): LeaseSpec {
    const now = microTime(this.#options.clock.now());
    const before = this.#lease?.spec;
    const kept = this.#heldByUs();
    const acquireTime = kept ? (before?.acquireTime ?? now) : now;
    const leaseTransitions = (before?.leaseTransitions ?? 0) + (kept || before === undefined ? 0 : 1);
    return { holderIdentity: this.#options.identity, leaseDurationSeconds: LEASE_SECONDS, acquireTime, renewTime: now, leaseTransitions };
  }

  async #create(): Promise<boolean> {
    const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: this.#where(), spec: this.#ourSpec() };
    try {
      this.#observe(await this.#options.client.create<Lease>(LEASE, lease));
      return true;
    } catch (error) {
      if (isAlreadyExists(error)) return false;
      throw error;
    }
  }

  /** Succeeds only on the version that was judged: of two candidates the slower one is refused, and so is who writes to a deleted Lease. */
  async #write(spec: LeaseSpec): Promise<boolean> {
    const version = this.#lease?.metadata.resourceVersion;
    try {
      const written = await this.#options.client.jsonPatch<Lease>({ type: LEASE, ...this.#where() }, [
        { op: 'test', path: '/metadata/resourceVersion', value: version },
        { op: 'add', path: '/spec', value: spec },
      ]);
      this.#observe(written);
      return true;
    } catch (error) {
      if (isInvalid(error) || isNotFound(error)) return false;
      throw error;
    }
  }

  /** Best effort: unreleased, the lease just takes its time to expire. Read first: the answer to the last renewal may have been lost. */
  async #release(): Promise<void> {
    try {
      await this.#read();
      if (this.#heldByUs()) await this.#write({ ...this.#ourSpec(), holderIdentity: '', leaseDurationSeconds: RELEASED_SECONDS });
    } catch (thrown) {
      this.#options.log.warn('The lease could not be given back; it expires by itself.', { error: asError(thrown) });
    }
  }

  #where(): { readonly namespace: string; readonly name: string } {
    const { namespace, name } = this.#options;
    return { namespace, name };
  }
}
