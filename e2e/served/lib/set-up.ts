/** A namespace and a folder of the bucket for the whole file, and the pruned model there: no hand-over has to prune it again. */
import { afterAll, beforeAll } from 'vitest';

import { emptyNamespace, freshNamespace } from '../../lib/namespace.ts';
import { freshOperator } from '../../lib/operator.ts';
import { publish } from '../../lib/published.ts';
import * as s3 from '../../lib/s3.ts';
import { model, namespace, output, storage } from './scene.ts';

export function setUp(): void {
  beforeAll(async () => {
    // Two of the eight GPUs would be missing for a canary.
    await emptyNamespace('demo');
    await freshNamespace(namespace);
    await s3.remove(storage);
    await publish({ model, output, namespace });
  });
  afterAll(async () => {
    await freshOperator(1);
    await emptyNamespace(namespace);
    await s3.remove(storage);
  });
}
