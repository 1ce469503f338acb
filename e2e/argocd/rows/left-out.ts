/** A service of which Git leaves out what the operator moves. */
import { get } from '../../lib/kubectl.ts';
import { patience } from '../../lib/patience.ts';
import { serves } from '../../lib/service.ts';
import { waitFor } from '../../lib/wait.ts';
import { expectMoved, expectStays } from '../lib/hand-over.ts';
import { pruneJob, pruneJobFile } from '../lib/manifests.ts';
import { filesUnder, follow } from '../lib/page.ts';
import { model, namespace, service } from '../lib/place.ts';
import type { Row } from '../lib/row.ts';

const name = 'left-out';
const heading = 'Fields left out of Git';

export const leftOut: Row = {
  title: 'leaves a moved service alone whose fields Git leaves out',
  async play(scene) {
    const { platform } = scene;
    await platform.commit({ ...platform.layout, ...filesUnder(heading) });
    await platform.deliver();
    await waitFor(`${service} to be made`, patience, () => get('inferenceservice', service, namespace));
    await follow(heading, platform.checkout);
    await waitFor(`${service} to serve`, patience, () => serves(service, namespace, { uri: model, gpus: 4 }));
    await platform.commit({ [pruneJobFile(name)]: await pruneJob(name) });
    await platform.settles('prunejobs', 'Healthy');
    await expectStays(scene, await expectMoved(name));
  },
};
