/** The operator killed -9 at each step of a hand-over by Canary, and of a way back: another one goes on from what the cluster says. */
import { fieldManager } from '../../../src/api/names.ts';
import type { RolloutStatus } from '../../../src/api/v1alpha1/prunejob.ts';
import { replaceLeader } from '../../lib/operator.ts';
import type { Row } from '../lib/row.ts';
import { model, type Scene } from '../lib/scene.ts';

type Step = (scene: Scene, rollout: RolloutStatus) => boolean;

const uri = ({ service }: Scene): string | undefined => service?.spec.predictor.model.storageUri;

const forward: Readonly<Record<string, Step>> = {
  'a canary that was asked for': (_, { canaryWrittenAt }) => canaryWrittenAt !== undefined,
  'a canary that runs': (_, { canaryReadyAt }) => canaryReadyAt !== undefined,
  'the service asked for the pruned model': (_, { writtenAt }) => writtenAt !== undefined,
  'the service as it was asked for': (_, { appliedAt }) => appliedAt !== undefined,
  'a canary that goes': (scene, { appliedAt }) => appliedAt !== undefined && scene.service?.spec.canary === undefined,
  'the soak': (_, { verifiedAt }) => verifiedAt !== undefined,
};

const back: Readonly<Record<string, Step>> = {
  'the beginning of the way back': (_, { rollbackStartedAt }) => rollbackStartedAt !== undefined,
  'the service asked for its old model': (scene, { rollbackStartedAt }) => rollbackStartedAt !== undefined && uri(scene) === model,
  'a service that was let go of': ({ service }) => service?.metadata.managedFields?.every(({ manager }) => manager !== fieldManager) === true,
};

export const operatorKilled: readonly Row[] = [
  {
    title: 'with the operator killed at each step',
    name: 'killed-forward',
    overlay: { serving: { soak: '20s' } },
    cause: (scene) => kills(scene, forward),
    end: 'Finished',
    service: 'Moved',
    requests: 'AllAnswered',
  },
  {
    title: 'put back with the operator killed at each step',
    name: 'killed-back',
    overlay: { serving: { strategy: 'Surge' } },
    cause: async (scene) => {
      await scene.reaches('its rollout', ({ status }) => status?.serving?.rollout?.appliedAt !== undefined);
      await scene.patch({ serving: { rollbackRequested: true } });
      await kills(scene, back);
    },
    end: 'RolledBack',
    service: 'PutBack',
    requests: 'AllAnswered',
  },
];

async function kills(scene: Scene, steps: Readonly<Record<string, Step>>): Promise<void> {
  for (const [what, reached] of Object.entries(steps)) {
    await scene.reaches(what, ({ status }) => reached(scene, status?.serving?.rollout ?? {}));
    await replaceLeader();
  }
}
