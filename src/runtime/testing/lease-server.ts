/**
 * One Lease with optimistic concurrency, which is all that the election needs of the API server, and the faults that can befall it.
 */
import { ApiError } from '../errors.ts';
import type { JsonPatchOperation, KubeObject, ObjectRef } from '../types.ts';

interface Spec {
  holderIdentity: string;
  leaseDurationSeconds: number;
  renewTime: string;
  leaseTransitions?: number;
}
type Lease = KubeObject & { readonly spec: Spec };

export class LeaseServer {
  lease: Lease | undefined;
  down = false;
  /** How long a request waits for the answer of a server that is down. */
  silence: () => Promise<void> = () => Promise.resolve();
  writes = 0;
  /** Someone edits the Lease, not its holder, after each read. */
  touched = false;
  /** The next write happens, and its answer does not arrive. */
  losesAnswer = false;
  #version = 0;

  get(): Promise<KubeObject | undefined> {
    return this.#answer(() => {
      const read = this.lease;
      if (this.touched && read !== undefined) this.put(read.spec);
      return read;
    });
  }

  create(_type: unknown, object: KubeObject): Promise<KubeObject> {
    return this.#answer(() => {
      if (this.lease !== undefined) throw new ApiError(409, { reason: 'AlreadyExists', message: 'exists' });
      return this.put((object as Lease).spec);
    });
  }

  jsonPatch(_ref: ObjectRef, [test, replacement]: readonly JsonPatchOperation[]): Promise<KubeObject> {
    return this.#answer(() => {
      if (this.lease === undefined) throw new ApiError(404, { reason: 'NotFound', message: 'no such lease' });
      if (test?.value !== this.lease.metadata.resourceVersion) throw new ApiError(422, { reason: 'Invalid', message: 'test failed' });
      const written = this.put(replacement?.value as Spec);
      if (this.losesAnswer) throw new ApiError(0, { reason: 'BrokenOff', message: 'broken off' });
      return written;
    });
  }

  put(spec: Spec): Lease {
    this.#version += 1;
    this.writes += 1;
    this.lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'op', namespace: 'sys', resourceVersion: `${this.#version}` }, spec };
    return this.lease;
  }

  async #answer<T>(act: () => T): Promise<T> {
    await Promise.resolve();
    if (!this.down) return act();
    await this.silence();
    throw new ApiError(0, { reason: 'NoAnswer', message: 'down' });
  }
}
