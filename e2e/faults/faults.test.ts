/** Real faults in a real cluster: whatever is killed, cut off or taken away, each PruneJob ends as it should, with one model. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { emptyNamespace, freshNamespace } from '../lib/namespace.ts';
import * as s3 from '../lib/s3.ts';
import { suffer } from './lib/fault.ts';
import { freshOperator } from '../lib/operator.ts';
import { model, namespace, Scene, storage } from './lib/scene.ts';
import { clusterBroken } from './rows/cluster-broken.ts';
import { engineStopped } from './rows/engine-stopped.ts';
import { operatorKilled } from './rows/operator-killed.ts';

let digest: string;

beforeAll(async () => {
  await freshNamespace(namespace);
  await s3.remove(storage);
  await s3.put('engine/fixture/model', model);
  await s3.put('engine/fixture/data/', 's3://data/');
  await freshOperator(1);
  await using scene = await Scene.begin({ name: 'undisturbed' });
  const { status } = await scene.ends();
  expect(status?.phase, JSON.stringify(status?.conditions)).toBe('Complete');
  digest = status?.result?.manifestDigest ?? '';
});

afterAll(async () => {
  await freshOperator(1);
  await emptyNamespace(namespace);
  await s3.remove(storage);
});

describe('a PruneJob survives', () => {
  // Not by it.each, which cuts a title short after 40 characters: no row could be chosen by what comes behind.
  for (const fault of [...engineStopped, ...clusterBroken, ...operatorKilled]) it(fault.title, () => suffer(fault, digest));
});
