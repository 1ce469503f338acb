/**
 * Sets of fields as server-side apply counts them: paths to leaves, where a list is one leaf (no list that is applied here is merged by key
 * by more than one manager), and their form in metadata.managedFields.
 */
export type Path = readonly string[];
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function leavesOf(value: unknown, at: Path = []): Path[] {
  if (!isFields(value) || Object.keys(value).length === 0) return at.length === 0 ? [] : [at];
  return Object.entries(value).flatMap(([name, inner]) => leavesOf(inner, [...at, name]));
}

export function valueAt(value: unknown, [first, ...rest]: Path): unknown {
  if (first === undefined) return value;
  return isFields(value) ? valueAt(value[first], rest) : undefined;
}

/** A copy with that value; undefined removes it, and what is empty without it. */
export function withValue(object: Fields, [first = '', ...rest]: Path, value: unknown): Fields {
  const before = object[first];
  const after = rest.length === 0 ? value : withValue(isFields(before) ? before : {}, rest, value);
  const gone = after === undefined || (rest.length > 0 && value === undefined && isFields(after) && Object.keys(after).length === 0);
  return gone ? Object.fromEntries(Object.entries(object).filter(([name]) => name !== first)) : { ...object, [first]: after };
}

/** `f:` keys, as in fieldsV1. */
export function toTree(paths: readonly Path[]): Fields {
  return paths.reduce<Fields>((tree, path) => withValue(tree, path.map((name) => `f:${name}`), {}), {});
}

export function fromTree(tree: unknown): Path[] {
  return leavesOf(tree).map((path) => path.map((name) => name.replace(/^f:/, '')));
}

export function includes(paths: readonly Path[], path: Path): boolean {
  return paths.some((candidate) => samePath(candidate, path));
}

export function samePath(a: Path, b: Path): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}

export function sameValue(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
