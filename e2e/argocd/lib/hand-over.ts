/** What must be true after a hand-over of a service that Argo CD delivers, and stay true while it goes on delivering. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { expect } from 'vitest';

import { get } from '../../lib/kubectl.ts';
import { patience } from '../../lib/patience.ts';
import { condition, explain, merge, untilFinished, type Overlay } from '../../lib/prunejob.ts';
import { serves, type InferenceService } from '../../lib/service.ts';
import { serviceFile } from './manifests.ts';
import { model, namespace, service } from './place.ts';
import type { Scene } from './row.ts';

/** The operator moved it, and gives where it runs from. */
export async function expectMoved(pruneJob: string): Promise<string> {
  const job = await untilFinished(pruneJob, namespace, patience);
  expect(condition(job, 'Complete'), explain(job)).toMatchObject({ status: 'True', reason: 'Finished' });
  const uri = job.status?.result?.uri ?? '';
  await expectServes(uri, 2);
  return uri;
}

export async function expectServes(uri: string, gpus: number): Promise<void> {
  expect(await serves(service, namespace, { uri, gpus }), `${service} serves ${uri} on ${gpus} GPUs`).toBe(true);
}

/** Argo CD looks and finds nothing to do; the next commit, to a field beside those that were moved, is all that it applies. */
export async function expectStays({ platform, history }: Scene, uri: string): Promise<void> {
  await platform.settles('models', 'Healthy');
  const manifest = load(await readFile(join(platform.checkout, serviceFile), 'utf8')) as Overlay;
  await platform.commit({ [serviceFile]: merge(manifest, { spec: { predictor: { minReplicas: 1 } } }) });
  await platform.settles('models', 'Healthy');
  expect((await get<InferenceService>('inferenceservice', service, namespace))?.spec.predictor).toMatchObject({ minReplicas: 1, model: { storageUri: uri } });
  await expectServes(uri, 2);
  const uris: (string | undefined)[] = history.services(service).map(({ spec }) => spec.predictor.model.storageUri);
  const models = uris.filter((each, at) => each !== undefined && each !== uris[at - 1]);
  expect(models, 'models that it was ever asked to serve').toEqual([model, uri]);
}
