/** Comparing a service's fields: before, wanted, and as they are now. */
import { compact } from '../compact.ts';
import type { Canary, ServiceFields } from './adapter.ts';

const modelKeys = ['modelUri', 'command', 'args', 'tensorParallel', 'gpuLimit', 'gpuRequest'] as const;
const replacingKeys = ['deploymentStrategy', 'progressDeadlineSeconds'] as const;
const allKeys = [...modelKeys, ...replacingKeys, 'receipt'] as const;

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

/** Whether a service has what the way back writes. */
export function isRestored(back: ServiceFields, target: ServiceFields, current: ServiceFields): boolean {
  return sameModel(back, current) && !needsRestore(back, target, current);
}

/** Everything as it was; how pods are replaced, and the receipt, only where nobody else gave them a third value since. */
export function restoredFields(back: ServiceFields, target: ServiceFields, current: ServiceFields): Partial<ServiceFields> {
  const ours = allKeys.filter((key: Key) => isModelKey(key) || equal(current[key], target[key]) || equal(current[key], back[key]));
  return compact({ ...picked(back, ours), place: back.place });
}

/** The same, but with the rollout's way of replacing pods: by the service's own, the old pods may wait for GPUs that the new ones hold. */
export function returningFields(back: ServiceFields, target: ServiceFields, current: ServiceFields): Partial<ServiceFields> {
  const fields = restoredFields(back, target, current);
  const ours = replacingKeys.filter((key) => equal(current[key], target[key]) || equal(current[key], back[key]));
  return compact({ ...fields, ...picked(target, ours) });
}

export function isModelKey(key: Key): key is (typeof modelKeys)[number] {
  return modelKeys.some((other) => other === key);
}

/** Fields that somebody else gave a third value. */
export function foreignKeys(previous: ServiceFields, target: ServiceFields, current: ServiceFields): (typeof modelKeys)[number][] {
  return modelKeys.filter((key) => !equal(current[key], target[key]) && !equal(current[key], previous[key]));
}

export function modelFields(fields: ServiceFields): Partial<ServiceFields> {
  return picked(fields, modelKeys);
}

function picked(fields: ServiceFields, keys: readonly Key[]): Partial<ServiceFields> {
  return Object.fromEntries(keys.map((key) => [key, fields[key]]));
}

/** The service's own replicas aside: somebody may scale it beside its canary. */
export function sameCanary(a: Canary | undefined, b: Canary): boolean {
  return a !== undefined && equal({ ...a, minReplicas: undefined }, { ...b, minReplicas: undefined });
}

export function equal(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

/** The API server returns keys in an order of its own. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, sorted(inner)]));
}
