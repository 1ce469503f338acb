/** For the whole file: Kueue, the queue of the documentation, and the fixture's model; all of it gone at the end. */
import { afterAll, beforeAll } from 'vitest';

import { kubectl } from '../../lib/kubectl.ts';
import { emptyNamespace, freshNamespace } from '../../lib/namespace.ts';
import { patience } from '../../lib/patience.ts';
import * as s3 from '../../lib/s3.ts';
import { waitFor } from '../../lib/wait.ts';
import { installKueue, removeKueue } from './kueue.ts';
import { objectsUnder } from './page.ts';
import { namespace, storage, model } from './place.ts';

export function setUp(): void {
  beforeAll(async () => {
    // A served model would hold GPUs that the queue believes to be free.
    await emptyNamespace('demo');
    await freshNamespace(namespace);
    await s3.remove(storage);
    await s3.put('engine/fixture/model', model);
    await s3.put('engine/fixture/data/', 's3://data/');
    await installKueue();
    await applyQueue();
  });
  afterAll(async () => {
    await emptyNamespace(namespace);
    await kubectl(['delete', 'jobs', '--all', '-n', namespace, '--cascade=foreground', '--wait']);
    // Its finalizers go only while Kueue is there.
    await kubectl(['delete', 'localqueues,clusterqueues,resourceflavors', '--all', '-n', namespace, '--wait']);
    await removeKueue();
    await s3.remove(storage);
  });
}

/** Its webhooks answer a moment after it says that it is ready. */
async function applyQueue(): Promise<void> {
  const queue = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objectsUnder('A queue for the GPUs') });
  let refused: unknown;
  await waitFor('Kueue to take the queue', patience, async () => {
    try {
      await kubectl(['apply', '-f', '-'], queue);
      return true;
    } catch (error) {
      refused = error;
      return false;
    }
  }, () => String(refused));
}
