/** The health check and two of the actions: what people see and press in Argo CD while a run is at work. */
import { expect } from 'vitest';

import { read } from '../../lib/prunejob.ts';
import { pruneJob, pruneJobFile } from '../lib/manifests.ts';
import { namespace, storage } from '../lib/place.ts';
import type { Row } from '../lib/row.ts';

const name = 'watched';

export const health: Row = {
  title: 'shows a run Progressing, Suspended and resumed by its actions, then Healthy',
  async play(scene) {
    const { argocd, platform } = scene;
    // A place of its own: this run is to have work to do.
    const run = await pruneJob(name, { serving: undefined, output: { uri: `${storage}watched/` } });
    await platform.commit({ ...platform.layout, [pruneJobFile(name)]: run });
    await platform.deliver();
    await scene.becomes('prunejobs', 'Progressing');
    await argocd.act('suspend', name);
    // Self-heal has looked, and leaves alone what Git leaves out.
    await platform.settles('prunejobs', 'Suspended');
    expect((await read(name, namespace)).spec.suspend).toBe(true);
    await argocd.act('resume', name);
    await platform.settles('prunejobs', 'Healthy');
    expect(scene.healths('prunejobs')).toEqual(['Progressing', 'Suspended', 'Progressing', 'Healthy']);
  },
};
