/** A namespace and a folder of the bucket for the whole file, and the pruned model there: no hand-over has to prune it again. */
import { afterAll, beforeAll, expect } from 'vitest';

import { apply } from '../../lib/kubectl.ts';
import { emptyNamespace, freshNamespace } from '../../lib/namespace.ts';
import { freshOperator } from '../../lib/operator.ts';
import { patience } from '../../lib/patience.ts';
import { explain, isTrue, samplePruneJob, untilFinished } from '../../lib/prunejob.ts';
import * as s3 from '../../lib/s3.ts';
import { model, namespace, output, storage } from './scene.ts';

export function setUp(): void {
  beforeAll(async () => {
    // Two of the eight GPUs would be missing for a canary.
    await emptyNamespace('demo');
    await freshNamespace(namespace);
    await s3.remove(storage);
    await s3.put('engine/fixture/model', model);
    await s3.put('engine/fixture/data/', 's3://data/');
    await apply(await samplePruneJob('published', { model: { uri: model }, output: { uri: output }, serving: undefined }), namespace);
    const job = await untilFinished('published', namespace, patience);
    expect(isTrue(job, 'Complete'), explain(job)).toBe(true);
  });
  afterAll(async () => {
    await freshOperator(1);
    await emptyNamespace(namespace);
    await s3.remove(storage);
  });
}
