/**
 * Which PruneJobs an event concerns.
 *
 * Nodes are read but never mapped: their heartbeats would wake every PruneJob, and a plan is made when its own objects move.
 */
import type { PruneJob } from '../api/v1alpha1/prunejob.ts';
import type { KeysOf } from '../runtime/sources.ts';
import { keyOf } from '../runtime/keys.ts';
import type { KubeObject, ObjectStore } from '../runtime/types.ts';
import { pruneJobUid, servedBy, serviceKeys } from './stores.ts';

export interface KeyMaps {
  readonly ofEngine: KeysOf<KubeObject>;
  readonly ofService: KeysOf<KubeObject>;
  /** Of what was rendered for a service, which this label names. */
  readonly ofRendered: (label: string) => KeysOf<KubeObject>;
  /** Itself, and those that wait for it because they have the same run key or the same service. */
  readonly ofPruneJob: KeysOf<PruneJob>;
}

export function keyMaps(pruneJobs: ObjectStore<PruneJob>): KeyMaps {
  const moving = (service: string) => pruneJobs.byIndex('service', service).map(keyOf);
  return {
    ofEngine: (object) => pruneJobs.byIndex('uid', pruneJobUid(object) ?? '').map(keyOf),
    ofService: (object) => moving(keyOf(object)),
    ofRendered: (label) => (object) => serviceKeys(object, label).flatMap(moving),
    ofPruneJob: (pruneJob) => {
      const runKey = pruneJob.status?.runKey;
      const others = runKey === undefined ? [] : pruneJobs.byIndex('runKey', runKey).map(keyOf);
      return [...new Set([keyOf(pruneJob), ...others, ...servedBy(pruneJob).flatMap(moving)])];
    },
  };
}
