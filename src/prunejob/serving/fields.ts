/** Comparing a service's fields: before, wanted, and as they are now. */
import { compact } from '../compact.ts';
import type { Canary, ServiceFields } from './adapter.ts';

const modelKeys = ['modelUri', 'command', 'args', 'tensorParallel', 'gpuLimit', 'gpuRequest'] as const;
const allKeys = [...modelKeys, 'deploymentStrategy', 'progressDeadlineSeconds', 'receipt'] as const;

export type ModelKey = (typeof modelKeys)[number];
type Key = (typeof allKeys)[number];

/** The same model on the same GPUs, however pods are replaced. */
export function sameModel(a: ServiceFields, b: ServiceFields): boolean {
  return differing(a, b).length === 0;
}

/** In which of the fields that choose the model and its GPUs the two differ. */
export function differing(a: ServiceFields, b: ServiceFields): ModelKey[] {
  return modelKeys.filter((key) => !equal(a[key], b[key]));
}

export function sameFields(a: ServiceFields, b: ServiceFields): boolean {
  return allKeys.every((key) => equal(a[key], b[key]));
}

/** Fields that are still as the rollout wrote them. */
export function needsRestore(previous: ServiceFields, target: ServiceFields, current: ServiceFields): boolean {
  return allKeys.some((key) => equal(current[key], target[key]) && !equal(target[key], previous[key]));
}

/** Everything as it was, but for fields that somebody else gave a third value since: those are theirs now. */
export function restoredFields(previous: ServiceFields, target: ServiceFields, current: ServiceFields): Partial<ServiceFields> {
  const ours = allKeys.filter((key: Key) => equal(current[key], target[key]) || equal(current[key], previous[key]));
  const restored = Object.fromEntries(ours.map((key) => [key, previous[key]]));
  return compact({ ...restored, place: previous.place });
}

/** The same for a healthy service: its pods go back the way they came, because its own way may need GPUs that nobody has. */
export function returningFields(previous: ServiceFields, target: ServiceFields, current: ServiceFields): Partial<ServiceFields> {
  const fields = restoredFields(previous, target, current);
  const { deploymentStrategy } = current;
  const foreign = !equal(deploymentStrategy, target.deploymentStrategy) && !equal(deploymentStrategy, previous.deploymentStrategy);
  return foreign ? fields : compact({ ...fields, deploymentStrategy: target.deploymentStrategy });
}

export function sameCanary(a: Canary | undefined, b: Canary): boolean {
  return equal(a, b);
}

export function equal(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

/** The API server returns keys in an order of its own. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, sorted(inner)]));
}
