/** Which PruneJob a request is about, if it is about one. */
import type { PruneJob } from '../../../src/api/v1alpha1/prunejob.ts';
import type { ApiServer } from '../api-server/server.ts';
import type { Request } from '../process/network.ts';
import { lifeStageOf, type LifeStage } from '../stages.ts';
import { pruneJobType } from '../../../src/shell/resources.ts';
import { pruneJobUid } from '../../../src/shell/stores.ts';

const moving: readonly LifeStage[] = ['RollingOut', 'Evaluating', 'Verifying', 'RollingBack', 'Deleting'];

export function concerned(server: ApiServer, { type, key, about }: Request): PruneJob | undefined {
  const pruneJobs = (server.list(pruneJobType) as readonly PruneJob[]);
  if (about !== undefined) return byUid(pruneJobs, about);
  if (type.plural === 'prunejobs') return (server.get(pruneJobType, key) as PruneJob | undefined);
  const [namespace = '', name = ''] = key.split('/');
  if (type.plural === 'inferenceservices') return mover(pruneJobs.filter(({ metadata, spec }) => metadata.namespace === namespace && spec.serving?.ref.name === name));
  const object = server.get(type, key);
  return object === undefined ? undefined : byUid(pruneJobs, pruneJobUid(object));
}

/** Of one service, if there are several. */
function mover(pruneJobs: readonly PruneJob[]): PruneJob | undefined {
  return pruneJobs.find((pruneJob) => moving.includes(lifeStageOf(pruneJob))) ?? pruneJobs[0];
}

function byUid(pruneJobs: readonly PruneJob[], uid: string | undefined): PruneJob | undefined {
  return pruneJobs.find(({ metadata }) => metadata.uid === uid);
}
