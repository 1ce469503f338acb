/** A queue that is not there is named, and taken once it is; one that is stopped holds the run until it goes on. */
import { apply, kubectl } from '../../lib/kubectl.ts';
import { clusterQueue, namespace } from '../lib/place.ts';
import type { Row } from '../lib/row.ts';
import { Scene } from '../lib/scene.ts';

const queueName = 'absent';

export const unknownQueue: Row = {
  title: 'a queue that is missing, then stopped, is named, and the run starts when it can',
  play: async () => {
    await using scene = await Scene.begin('unknown', { runner: { queueName } });
    await scene.waitsBecause('QueueNotFound', /LocalQueue absent (doesn't exist|is terminating or missing)\. Create it/);
    const queue = { apiVersion: 'kueue.x-k8s.io/v1beta2', kind: 'LocalQueue', metadata: { name: queueName }, spec: { clusterQueue, stopPolicy: 'Hold' } };
    await apply(queue, namespace);
    await scene.waitsBecause('QueueStopped', /LocalQueue absent is (stopped|inactive)\. It goes on when/);
    await kubectl(['patch', 'localqueue', queueName, '-n', namespace, '--type=merge', '-p', '{"spec":{"stopPolicy":"None"}}']);
    await scene.prunes();
    await scene.completes(['prune-1'], 1);
  },
};
