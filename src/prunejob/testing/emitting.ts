/** A run with mode Emit whose patch is out, and Git's part in it. */
import type { ServingSpec } from '../../api/v1alpha1/prunejob.ts';
import { compact } from '../compact.ts';
import type { ServiceFields } from '../serving/adapter.ts';
import { prunedFields, pruneJob, serving } from './builders.ts';
import { World } from './world.ts';

/** Not the rollout's way of replacing pods: that is the service's own. */
export const delivered: ServiceFields = compact({ ...prunedFields, deploymentStrategy: undefined });

/** Published, but not yet acted upon. */
export function publishing(overrides: Partial<ServingSpec> = {}, observed: ConstructorParameters<typeof World>[0] = {}): World {
  return World.published({ pruneJob: pruneJob({ spec: { serving: serving({ mode: 'Emit', ...overrides }) } }), ...observed });
}

export function emitting(overrides: Partial<ServingSpec> = {}): World {
  const world = publishing(overrides);
  world.settle();
  return world;
}

/** With the pods of it, or without them yet. */
export function deliver(world: World, fields = delivered, settled = true): void {
  world.changeService({ fields });
  if (settled) world.roll();
  world.settle();
}

export function wish(world: World, rollbackRequested: boolean): void {
  const { serving: asked = serving() } = world.pruneJob.spec;
  world.changeSpec({ serving: { ...asked, rollbackRequested } });
  world.settle();
}
