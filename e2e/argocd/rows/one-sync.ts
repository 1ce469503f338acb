/** A PruneJob and its whole service in one Application, of which Argo CD makes the one or the other first. */
import { load } from 'js-yaml';
import { expect } from 'vitest';

import { annotations } from '../../../src/api/names.ts';
import { patience } from '../../lib/patience.ts';
import { merge, type Overlay } from '../../lib/prunejob.ts';
import { expectMoved, expectStays } from '../lib/hand-over.ts';
import { pruneJob, serviceFile, wholeService } from '../lib/manifests.ts';
import { fragmentUnder } from '../lib/page.ts';
import { service } from '../lib/place.ts';
import type { Row, Scene } from '../lib/row.ts';

/** Of kinds that it does not know, Argo CD makes what comes first by name. */
export const oneSync: readonly Row[] = [
  { title: 'delivers a PruneJob and then its service in one sync, and ignores the fields that it moves', play: (scene) => inOneSync(scene, 'a-run', ['a-run', service]) },
  { title: 'delivers a service and then its PruneJob in one sync, and ignores the fields that it moves', play: (scene) => inOneSync(scene, 'z-run', [service, 'z-run']) },
];

async function inOneSync(scene: Scene, name: string, order: readonly string[]): Promise<void> {
  const { platform, history } = scene;
  const ignores = { metadata: { annotations: { [annotations.gitIgnoresFields]: 'true' } } };
  const models = load(platform.layout['apps/models.yaml'] ?? '') as Overlay;
  await platform.commit({
    'apps/models.yaml': merge(models, fragmentUnder('Fields that Argo CD ignores')),
    [serviceFile]: await wholeService(ignores),
    [`models/${service}/${name}.yaml`]: await pruneJob(name),
  });
  await platform.deliver();
  await history.until(`PruneJob ${name} to be made`, patience, () => history.latest(name) !== undefined);
  const uri = await expectMoved(name);
  const made = history.changes.filter(({ resource, what }) => what === 'Created' && /\/(prunejobs|inferenceservices)$/.test(resource));
  expect(made.map((change) => change.name)).toEqual(order);
  await expectStays(scene, uri);
}
