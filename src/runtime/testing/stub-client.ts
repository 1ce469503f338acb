/**
 * A client that records the writes asked of it and answers what a test gives it. What the API server itself decides is tested against a real one.
 */
import type { KubeObject, WatchingClient } from '../types.ts';

export interface Call {
  readonly verb: string;
  readonly args: readonly unknown[];
}

export interface StubClient extends WatchingClient {
  readonly calls: Call[];
}

type Answer = (call: Call) => KubeObject | undefined;

/** `answer` may throw, which rejects the call. */
export function stubClient(answer: Answer = () => undefined): StubClient {
  const calls: Call[] = [];
  // Async, so that what `answer` throws is a rejection.
  const call = async <T>(verb: string, ...args: unknown[]): Promise<T> => {
    await Promise.resolve();
    const made = { verb, args };
    calls.push(made);
    return answer(made) as T;
  };
  return {
    calls,
    get: (ref) => call('get', ref),
    list: (type) => call('list', type),
    create: (type, object, options) => call('create', type, object, ...(options === undefined ? [] : [options])),
    apply: (type, object) => call('apply', type, object),
    applyStatus: (type, object) => call('applyStatus', type, object),
    jsonPatch: (ref, operations) => call('jsonPatch', ref, operations),
    delete: (ref, options) => call('delete', ref, options),
    watch: () => {
      throw new Error('A stub client has nothing to watch.');
    },
  };
}
