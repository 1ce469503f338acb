/** The pruned model does not come to run, for a reason that pods really have: the service is put back, or was never touched. */
import { expect } from 'vitest';

import { invite } from '../../lib/guest.ts';
import type { Overlay } from '../../lib/prunejob.ts';
import * as s3 from '../../lib/s3.ts';
import type { Row } from '../lib/row.ts';
import { damagedModel, damagedOutput, goneImage, loseImage, particularRuntime, reader, takeKeys, withGoneImage, withParticularRuntime, withReader } from '../lib/trouble.ts';
import { namespace, storage, type Scene } from '../lib/scene.ts';

const by = (strategy: string, serving: Overlay = {}): { readonly overlay: Overlay } => ({ overlay: { serving: { strategy, ...serving } } });
const untouched = { end: 'RolledBack', service: 'Untouched', requests: 'AllAnswered' } as const;

/** Less than a pod takes to start. */
const late: readonly Row[] = [
  { ...untouched, title: 'by a canary that is late', name: 'late-canary', always: true, ...by('Canary', { timeout: '3s' }), says: /The canary was not ready/ },
  { ...untouched, title: 'by Surge that is late', name: 'late-surge', always: true, ...by('Surge', { timeout: '3s' }), says: /not done within serving.timeout 3s/ },
];

const crashing: readonly Row[] = [
  { ...untouched, title: 'to a model on which the canary crashes', name: 'crashing-canary', always: true, ...by('Canary'), within: withParticularRuntime, served: { runtime: particularRuntime }, says: /keeps crashing/ },
  { ...untouched, title: 'to a model on which the server crashes, by Surge', name: 'crashing-surge', ...by('Surge'), within: withParticularRuntime, served: { runtime: particularRuntime }, says: /keeps crashing/ },
  {
    title: 'to a model on which the server crashes, by Recreate', name: 'crashing-recreate', ...by('Recreate'), within: withParticularRuntime, served: { runtime: particularRuntime },
    end: 'RolledBack', says: /keeps crashing/, service: 'PutBack', requests: 'Interrupted',
  },
  { ...untouched, title: 'to a model that was damaged after it was published', name: 'damaged', overlay: { output: { uri: damagedOutput } }, within: damagedModel, says: /keeps crashing/ },
];

const unreadable: readonly Row[] = [
  { ...untouched, title: 'by a canary that may not read the model', name: 'unreadable-canary', ...by('Canary'), within: withReader, served: { serviceAccountName: reader }, cause: takeKeys, says: /keeps crashing|BlockedByFailedLoad/ },
  { ...untouched, title: 'by Surge to a model that may not be read', name: 'unreadable-surge', ...by('Surge'), within: withReader, served: { serviceAccountName: reader }, cause: takeKeys, says: /keeps crashing|BlockedByFailedLoad/ },
];

const withoutImage: readonly Row[] = [
  { ...untouched, title: 'by a canary whose image is gone', name: 'no-image-canary', ...by('Canary', { timeout: '45s' }), within: withGoneImage, served: { runtime: goneImage }, cause: loseImage, says: /image/ },
  { ...untouched, title: 'by Surge with an image that is gone', name: 'no-image-surge', ...by('Surge', { timeout: '45s' }), within: withGoneImage, served: { runtime: goneImage }, cause: loseImage, says: /image/ },
];

const withoutGPUs: readonly Row[] = [
  { ...untouched, title: 'by Surge, for which no GPU becomes free', name: 'no-gpus', ...by('Surge', { waitFor: '10s' }), within: () => invite('guest', namespace, { gpus: 4 }), end: 'GPUsUnavailable', says: /Recreate/ },
];

const refused: readonly Row[] = [
  {
    ...untouched, title: 'that never begins, because the quality gate refuses', name: 'refused', always: true, cause: publishesNothing,
    overlay: { output: { uri: `${storage}refused/` }, quality: { perplexity: { maxIncrease: 0.01 } } }, end: 'QualityRefused',
  },
];

async function publishesNothing(scene: Scene): Promise<void> {
  await scene.ends();
  expect(await s3.list(`${storage}refused/`)).toEqual([]);
}

export const failures: readonly Row[] = [...late, ...crashing, ...unreadable, ...withoutImage, ...withoutGPUs, ...refused];
