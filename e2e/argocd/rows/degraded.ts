/** A run that fails, and the action that tries again under another name. */
import { expect } from 'vitest';

import { get } from '../../lib/kubectl.ts';
import { patience } from '../../lib/patience.ts';
import { condition, read, untilFinished, type PruneJob } from '../../lib/prunejob.ts';
import { pruneJob, pruneJobFile } from '../lib/manifests.ts';
import { namespace, storage } from '../lib/place.ts';
import type { Row } from '../lib/row.ts';

const name = 'hopeless';
const again = `${name}-retry`;

export const degraded: Row = {
  title: 'shows a failed run Degraded, and leaves alone the one that the action retry makes',
  async play({ argocd, platform }) {
    const run = await pruneJob(name, { serving: undefined, model: { uri: `${storage}nothing/` } });
    await platform.commit({ ...platform.layout, [pruneJobFile(name)]: run });
    await platform.deliver();
    await platform.settles('prunejobs', 'Degraded');
    expect(condition(await read(name, namespace), 'Failed')?.reason).toBe('ModelNotFound');
    await argocd.act('retry', name);
    const retried = await untilFinished(again, namespace, patience);
    expect(retried.spec).toEqual((await read(name, namespace)).spec);
    // Argo CD prunes what Git does not have; this is none of its own.
    const { status } = await platform.settles('prunejobs', 'Degraded');
    expect(status?.resources?.map((resource) => resource.name)).toEqual([name]);
    expect((await get<PruneJob>('prunejob', again, namespace))?.metadata.uid).toBe(retried.metadata.uid);
  },
};
