/**
 * Server-side apply with force by one manager, as far as adapters depend on it: lists of named things merge by name, every other list is
 * one value, and what the manager applied before and leaves out now vanishes, because its force had taken it from everybody else.
 */
import type { KubeObject } from '../../kube.ts';

type Fields = Readonly<Record<string, unknown>>;
type Named = Fields & { readonly name: string };

export function applied(live: KubeObject, now: KubeObject, before?: KubeObject): KubeObject {
  return merge(before === undefined ? live : without(live, before, now), now) as KubeObject;
}

function merge(live: unknown, now: unknown): unknown {
  if (isFields(now)) return { ...(isFields(live) ? live : {}), ...mapped(now, (value, key) => merge(isFields(live) ? live[key] : undefined, value)) };
  if (!isNamedList(now) || !isNamedList(live)) return now;
  return [...live.map((item) => merge(item, find(now, item) ?? {})), ...now.filter((item) => find(live, item) === undefined)];
}

/** `live` without the leaves of `before` that `now` lacks. */
function without(live: unknown, before: unknown, now: unknown): unknown {
  if (isNamedList(live) && isNamedList(before) && isNamedList(now)) return live.map((item) => without(item, find(before, item), find(now, item)));
  if (!isFields(live) || !isFields(before)) return live;
  const kept = Object.keys(live).filter((key) => !(key in before) || (isFields(now) && key in now) || isFields(before[key]));
  const rest = kept.map((key) => [key, without(live[key], before[key], isFields(now) ? now[key] : undefined)] as const);
  return Object.fromEntries(rest.filter(([key, value]) => !isEmpty(value) || isEmpty(live[key])));
}

function mapped(fields: Fields, change: (value: unknown, key: string) => unknown): Fields {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, change(value, key)]));
}

function find(list: readonly Named[], { name }: Named): Named | undefined {
  return list.find((item) => item.name === name);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNamedList(value: unknown): value is readonly Named[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => isFields(item) && typeof item.name === 'string');
}

function isEmpty(value: unknown): boolean {
  return isFields(value) && Object.keys(value).length === 0;
}
