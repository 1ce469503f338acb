/**
 * GPUs that the pods of the whole cluster request, by node: one list, page by page, at the moment that it is needed.
 *
 * No watch, because every pod of a cluster in memory would be most of what the operator is. An operator of a few namespaces may not list
 * the others' pods; then it knows no answer, and says so once.
 */
import { gpusRequested } from '../prunejob/handover/free-gpus.ts';
import type { Observed } from '../prunejob/observed.ts';
import type { Clock } from '../runtime/clock.ts';
import { isForbidden } from '../runtime/errors.ts';
import type { Client, ListPage } from '../runtime/types.ts';
import type { Logger } from '../telemetry/log.ts';
import { podType } from './resources.ts';
import type { LivePod } from './stores.ts';

type Requests = NonNullable<Observed['gpuRequests']>;

export interface GPURequestsOptions {
  readonly client: Pick<Client, 'list'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Of those that hold or will hold GPUs of a node. */
const fieldSelector = 'spec.nodeName!=,status.phase!=Succeeded,status.phase!=Failed';
const pageSize = 500;
/** Many PruneJobs that wait for GPUs together look together. */
const sharedForMs = 5_000;

export class GPURequests {
  readonly #options: GPURequestsOptions;
  #latest: { readonly at: number; readonly answer: Promise<Requests> } | undefined;
  #toldForbidden = false;

  constructor(options: GPURequestsOptions) {
    this.#options = options;
  }

  byNode(): Promise<Requests> {
    const at = this.#options.clock.elapsedMs();
    if (this.#latest === undefined || at - this.#latest.at > sharedForMs) this.#latest = { at, answer: this.#count() };
    return this.#latest.answer;
  }

  async #count(): Promise<Requests> {
    try {
      return await this.#sum();
    } catch (error) {
      if (!isForbidden(error)) {
        this.#latest = undefined;
        throw error;
      }
      if (!this.#toldForbidden) this.#options.log.warn('Free GPUs are not counted before rollouts: the operator may not list the pods of all namespaces.');
      this.#toldForbidden = true;
      return 'Forbidden';
    }
  }

  async #sum(): Promise<Requests> {
    const requests: Record<string, number> = {};
    let page: ListPage<LivePod> | undefined;
    do {
      const continueToken = page?.continueToken;
      page = await this.#options.client.list<LivePod>(podType, { fieldSelector, limit: pageSize, ...(continueToken === undefined ? {} : { continueToken }) });
      for (const pod of page.items) add(requests, pod);
    } while (page.continueToken !== undefined);
    return requests;
  }
}

function add(requests: Record<string, number>, pod: LivePod): void {
  const node = pod.spec?.nodeName;
  const gpus = gpusRequested(pod);
  if (node !== undefined && gpus > 0) requests[node] = (requests[node] ?? 0) + gpus;
}
