/** A service that another field manager holds: a GitOps controller is never fought, any other one not more than three times. */
import { expect } from 'vitest';

import { patience } from '../../lib/patience.ts';
import { finished, isTrue } from '../../lib/prunejob.ts';
import type { InferenceService } from '../../lib/service.ts';
import type { Row } from '../lib/row.ts';
import { applyAs, model, service, type Scene } from '../lib/scene.ts';

const stubborn = 'terraform';

export const fieldManagers: readonly Row[] = [
  {
    title: 'of a service whose fields come from Git',
    name: 'from-git',
    always: true,
    owner: 'argocd-controller',
    end: 'FieldsOwnedByGit',
    says: /argocd-controller/,
    service: 'Untouched',
    requests: 'AllAnswered',
  },
  {
    title: 'of a service whose fields another manager always takes back',
    name: 'stubborn',
    owner: stubborn,
    overlay: { serving: { strategy: 'Surge' } },
    cause: takesBack,
    end: 'RolledBack',
    says: /terraform changed the service's fields back 3 times/,
    service: 'Untouched',
    requests: 'AllAnswered',
  },
];

/** As soon as it sees them, for as long as the run lasts. */
async function takesBack(scene: Scene): Promise<void> {
  let times = 0;
  while (await isTaken(scene)) {
    const known = versions(scene).length;
    await applyAs(stubborn, scene.before.wanted);
    times += 1;
    // Looked for among all that came since: the operator may have written again before kubectl has ended.
    await scene.history.until('the service to be as before', patience, () => versions(scene).slice(known).some(({ spec }) => spec.predictor.model.storageUri === model));
  }
  expect(times, 'times that the fields were taken back').toBe(3);
  expect(isTrue(await scene.ends(), 'ServingConflict')).toBe(true);
}

/** False once the run is over. */
async function isTaken(scene: Scene): Promise<boolean> {
  const isOver = (): boolean => scene.pruneJob !== undefined && finished(scene.pruneJob);
  await scene.history.until('the service to be moved', patience, () => isOver() || uriOf(scene) !== model);
  return uriOf(scene) !== model;
}

function versions({ history }: Scene): InferenceService[] {
  return history.services(service);
}

function uriOf(scene: Scene): string | undefined {
  return versions(scene).at(-1)?.spec.predictor.model.storageUri ?? model;
}
