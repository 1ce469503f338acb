/**
 * What separates a live object from an apply configuration, as the patches that Git tools and kubectl know.
 *
 * Lists are where these differ. A list of named things (containers) is merged by name only by a strategic merge patch, which exists for
 * built-in kinds; a JSON merge patch replaces every list whole, and with the containers it would pin each of their images. So for custom
 * resources a merge patch leaves named lists out, and a JSON patch says the place.
 */
import { equal } from './fields.ts';

export interface PatchOperation {
  readonly op: 'test' | 'add' | 'replace' | 'remove';
  readonly path: string;
  readonly value?: unknown;
}

type Fields = Readonly<Record<string, unknown>>;
type Named = Fields & { readonly name: string };

/** `null` in `wanted` is a field that has to go. Every change is preceded by a test of what it changes. */
export function jsonPatch(live: unknown, wanted: unknown, path = ''): PatchOperation[] {
  if (isNamedList(wanted) && isNamedList(live)) return wanted.flatMap((item) => ofItem(live, item, path));
  if (isFields(wanted) && isFields(live)) return Object.entries(wanted).flatMap(([key, value]) => jsonPatch(live[key], value, `${path}/${escaped(key)}`));
  if (isAlready(live, wanted)) return [];
  if (live === undefined) return [{ op: 'add', path, value: wanted }];
  const test = { op: 'test', path, value: live } as const;
  return [test, wanted === null ? { op: 'remove', path } : { op: 'replace', path, value: wanted }];
}

/** The place of an item is its number, which another item may have by now. */
function ofItem(live: readonly Named[], item: Named, path: string): PatchOperation[] {
  const place = `${path}/${live.findIndex(({ name }) => name === item.name)}`;
  const inside = jsonPatch(find(live, item), item, place);
  return inside.length === 0 ? [] : [{ op: 'test', path: `${place}/name`, value: item.name }, ...inside];
}

/** Of a JSON patch, what lies in lists of named things. */
export function inLists(operations: readonly PatchOperation[]): PatchOperation[] {
  return operations.filter(({ path }) => /\/[0-9]+\//.test(path));
}

/** Undefined where nothing differs. `Strategic` names the items of lists, `Merge` leaves such lists out. */
export function mergePatch(live: unknown, wanted: unknown, kind: 'Strategic' | 'Merge'): unknown {
  if (isNamedList(wanted) && isNamedList(live)) return kind === 'Merge' ? undefined : some(wanted.flatMap((item) => named(live, item)));
  if (!isFields(wanted) || !isFields(live)) return isAlready(live, wanted) ? undefined : wanted;
  const changed = Object.entries(wanted).map(([key, value]) => [key, mergePatch(live[key], value, kind)] as const);
  return some(Object.fromEntries(changed.filter(([, value]) => value !== undefined)));
}

function named(live: readonly Named[], item: Named): unknown[] {
  const changed = mergePatch(find(live, item), item, 'Strategic');
  return changed === undefined ? [] : [{ name: item.name, ...(changed as Fields) }];
}

/** The live object once `wanted` is in it. */
export function merged(live: unknown, wanted: unknown): unknown {
  if (isNamedList(live) && isNamedList(wanted)) return live.map((item) => merged(item, find(wanted, item) ?? {}));
  if (!isFields(wanted) || !isFields(live)) return wanted;
  const all = { ...live, ...mapped(wanted, (value, key) => merged(live[key], value)) };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null));
}

/** What `wanted` has to be for the way back: the live values in its places, and null where there are none. */
export function reversed(live: unknown, wanted: unknown): unknown {
  if (isNamedList(live) && isNamedList(wanted)) return wanted.map((item) => ({ ...(reversed(find(live, item), item) as Fields), name: item.name }));
  if (!isFields(wanted) || !isFields(live)) return live ?? null;
  return mapped(wanted, (value, key) => reversed(live[key], value));
}

function isAlready(live: unknown, wanted: unknown): boolean {
  return wanted === null ? live === undefined : equal(live, wanted);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNamedList(value: unknown): value is readonly Named[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => isFields(item) && typeof item.name === 'string');
}

function find(list: readonly Named[], { name }: Named): Named | undefined {
  return list.find((item) => item.name === name);
}

function mapped(fields: Fields, change: (value: unknown, key: string) => unknown): Fields {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, change(value, key)]));
}

function some<T extends object>(value: T): T | undefined {
  return Object.keys(value).length === 0 ? undefined : value;
}

/** RFC 6901. */
function escaped(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
