import { beforeEach, describe, expect, it } from 'vitest';

import { ApiError } from '../runtime/errors.ts';
import type { Client, KubeObject, ListOptions, ListPage, ResourceType } from '../runtime/types.ts';
import type { Logger } from '../telemetry/log.ts';
import { GPURequests } from './gpu-requests.ts';

const forbidden = new ApiError(403, { reason: 'Forbidden', message: 'pods is forbidden' });

let elapsed: number;
let lists: (ListOptions | undefined)[];
let pages: ListPage<KubeObject>[];
let failure: Error | undefined;
let warned: string[];
let requests: GPURequests;

const pod = (node: string | undefined, gpus: number): KubeObject => {
  const spec = { ...(node === undefined ? {} : { nodeName: node }), containers: [{ name: 'c', resources: { requests: { 'nvidia.com/gpu': `${gpus}` } } }] };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec } as KubeObject;
};
const page = (items: readonly KubeObject[], continueToken?: string): ListPage<KubeObject> => ({ items, resourceVersion: '1', ...(continueToken === undefined ? {} : { continueToken }) });

beforeEach(() => {
  elapsed = 0;
  lists = [];
  warned = [];
  failure = undefined;
  pages = [page([pod('gpu-0', 2), pod('gpu-1', 4)], 'more'), page([pod('gpu-0', 1), pod('cpu-0', 0), pod(undefined, 8)])];
  const list: Client['list'] = <T extends KubeObject>(_: ResourceType, options?: ListOptions) => {
    lists.push(options);
    if (failure !== undefined) return Promise.reject(failure);
    return Promise.resolve(pages[options?.continueToken === undefined ? 0 : 1] as ListPage<T>);
  };
  const log: Logger = { debug: () => undefined, info: () => undefined, warn: (message) => void warned.push(message), error: () => undefined, child: () => log };
  requests = new GPURequests({ client: { list }, clock: { now: () => new Date(0), elapsedMs: () => elapsed, after: () => () => undefined }, log });
});

describe('the GPUs that pods request', () => {
  it('are summed by node, page by page, of pods that hold them', async () => {
    expect(await requests.byNode()).toEqual({ 'gpu-0': 3, 'gpu-1': 4 });
    const fieldSelector = 'spec.nodeName!=,status.phase!=Succeeded,status.phase!=Failed';
    expect(lists).toEqual([{ fieldSelector, limit: 500 }, { fieldSelector, limit: 500, continueToken: 'more' }]);
  });

  it('are asked for once for all who want them at a time, and anew later', async () => {
    await Promise.all([requests.byNode(), requests.byNode()]);
    expect(lists).toHaveLength(2);
    elapsed = 5_001;
    await requests.byNode();
    expect(lists).toHaveLength(4);
  });

  it('may be nobody\'s business: that is an answer, told once', async () => {
    failure = forbidden;
    expect(await requests.byNode()).toBe('Forbidden');
    elapsed = 5_001;
    expect(await requests.byNode()).toBe('Forbidden');
    expect(warned).toHaveLength(1);
  });

  it('are not known after an error, which a retry may mend at once', async () => {
    failure = new ApiError(500, { reason: 'InternalError', message: 'etcd' });
    await expect(requests.byNode()).rejects.toThrow('etcd');
    failure = undefined;
    expect(await requests.byNode()).toEqual({ 'gpu-0': 3, 'gpu-1': 4 });
  });
});
