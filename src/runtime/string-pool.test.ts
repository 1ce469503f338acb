import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { Store } from './store.ts';
import { StringPool } from './string-pool.ts';
import type { KubeObject } from './types.ts';

it('answers equal strings, and never grows beyond its limit', () => {
  const pool = new StringPool();
  const texts = Array.from({ length: 25_000 }, (_, index) => `uid-${index}`);
  const sizes = texts.map((text) => (pool.share(text) === text ? pool.size : Number.NaN));
  expect(Math.max(...sizes)).toBe(10_000);
});

it('makes a cache of much the same objects smaller by what they have in common', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const used = () => {
    collect();
    return getHeapStatistics().used_heap_size;
  };
  const objects = 1_000;
  const message = 'The pruned model is published; nothing waits any more. '.repeat(20);
  const before = used();
  const store = new Store();
  for (let index = 0; index < objects; index += 1) {
    store.upsert(JSON.parse(JSON.stringify({ apiVersion: 'v1', kind: 'Thing', metadata: { name: `a${index}` }, status: { conditions: [{ message }] } })) as KubeObject);
  }
  expect(used() - before).toBeLessThan((objects * message.length) / 2);
  expect(store.list()).toHaveLength(objects);
});
