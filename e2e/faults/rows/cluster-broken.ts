/** The API server, etcd and S3 going away under a run, and a network between operator and API server that cannot be trusted. */
import { expect } from 'vitest';

import * as s3 from '../../lib/s3.ts';
import { waitFor } from '../../lib/wait.ts';
import { atLayer, enginePods } from '../../lib/engine.ts';
import type { Fault } from '../lib/fault.ts';
import { FlakyProxy } from '../lib/flaky-proxy.ts';
import { apiServer, OutsidePod } from '../../lib/operator.ts';
import { withoutParts } from '../lib/parts.ts';
import { patience } from '../../lib/patience.ts';
import { namespace } from '../lib/scene.ts';

export const clusterBroken: readonly Fault[] = [
  {
    title: 'the API server and etcd killed -9 during the prune, and back at once',
    name: 'control-plane-killed',
    cause: async ({ name }) => {
      await atLayer(name, namespace, 2);
      await withoutParts(['etcd', 'kube-apiserver'], () => Promise.resolve());
    },
    end: 'Finished',
  },
  {
    title: 'the API server and etcd gone until the model was published',
    name: 'control-plane-gone',
    cause: async ({ name, output }) => {
      await atLayer(name, namespace, 2);
      await withoutParts(['etcd', 'kube-apiserver'], () => isPublished(output));
    },
    end: 'Finished',
  },
  {
    title: 'S3 gone until the engine gave up',
    name: 's3-gone',
    cause: async ({ name }) => {
      await atLayer(name, namespace, 2);
      await withoutParts(['minio'], () => givesUp(name));
    },
    end: 'Finished',
    pods: 2,
    resumes: true,
  },
  {
    title: 'every twentieth request of the operator answered with an error, as many reset, and every watch cut',
    name: 'flaky-network',
    served: true,
    replicas: 0,
    cause: async (scene) => {
      await using proxy = await FlakyProxy.start({ ...(await apiServer()), seed: 1 });
      await using operator = await OutsidePod.prepare(proxy.url);
      // Whoever cannot renew the lease for a while ends, and waits to be started again: nobody does that here.
      await operator.start('--no-leader-election');
      await scene.isReleased();
      const { errored, unasked, unheard, cutWatch } = proxy.faults;
      expect(Math.min(errored, unasked + unheard, cutWatch), JSON.stringify(proxy.faults)).toBeGreaterThan(0);
    },
    end: 'Finished',
  },
];

async function isPublished(output: string): Promise<void> {
  await waitFor('the model to be published', patience, async () => (await s3.list(output)).some(({ key }) => key.endsWith('stun-manifest.json')));
}

/** About a minute of tries. */
async function givesUp(name: string): Promise<void> {
  await waitFor('the engine to give up', patience, async () => (await enginePods(name, namespace))[0]?.status?.phase === 'Failed');
}
