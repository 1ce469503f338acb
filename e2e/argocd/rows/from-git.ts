/** A service whose model stands in Git: nobody but Git may move it. */
import { dirname, join } from 'node:path';
import { expect } from 'vitest';

import { commandsUnder, runCommands } from '../../lib/doc-commands.ts';
import { condition, read } from '../../lib/prunejob.ts';
import { expectServes, expectStays } from '../lib/hand-over.ts';
import { pruneJob, pruneJobFile, serviceFile, wholeService } from '../lib/manifests.ts';
import { model, namespace } from '../lib/place.ts';
import type { Row, Scene } from '../lib/row.ts';

export const fromGit: Row = {
  title: 'keeps a service whose fields are in Git from being moved, and moves it by the commit of an emitted patch',
  async play(scene) {
    const { platform } = scene;
    await platform.commit({ ...platform.layout, [serviceFile]: await wholeService(), [pruneJobFile('apply')]: await pruneJob('apply') });
    await platform.deliver();
    await isRefused(scene, 'apply');
    await platform.commit({ [pruneJobFile('apply')]: undefined, [pruneJobFile('emit')]: await pruneJob('emit', { serving: { mode: 'Emit', strategy: undefined } }) });
    const uri = await isEmitted(scene, 'emit');
    await follow(scene, 'A plain manifest');
    await platform.commit();
    await platform.settles('models', 'Healthy');
    await follow(scene, 'See it arrive');
    expect(condition(await read('emit', namespace), 'Served')).toMatchObject({ status: 'True', reason: 'Serving' });
    await platform.settles('prunejobs', 'Healthy');
    await expectStays(scene, uri);
  },
};

/** Before a GPU is spent. */
async function isRefused({ platform, history }: Scene, name: string): Promise<void> {
  await platform.settles('prunejobs', 'Degraded');
  expect(condition(await read(name, namespace), 'Failed')).toMatchObject({ reason: 'FieldsOwnedByGit', message: expect.stringMatching(/argocd-controller.*Emit/s) as string });
  expect(history.created('jobs', `${name}-prune-`)).toEqual([]);
  await platform.settles('models', 'Healthy');
  await expectServes(model, 4);
}

async function isEmitted({ platform }: Scene, name: string): Promise<string> {
  await platform.settles('prunejobs', 'Healthy');
  const job = await read(name, namespace);
  expect([condition(job, 'Complete')?.reason, condition(job, 'Served')?.reason]).toEqual(['Emitted', 'AwaitingGit']);
  await platform.settles('models', 'Healthy');
  await expectServes(model, 4);
  return job.status?.result?.uri ?? '';
}

/** The page's commands, beside the service's manifest. */
async function follow({ platform }: Scene, heading: string): Promise<void> {
  const commands = commandsUnder('docs/how-to/gitops-emit.md', heading);
  await runCommands(commands, dirname(join(platform.checkout, serviceFile)), { PRUNEJOB: 'emit', NAMESPACE: namespace });
}
