/**
 * Merges a user's partial pod template over ours, the way `kubectl` merges by name.
 *
 * Lists of named things merge item by item and keep what the overlay does not mention. Some lists without names grow, because replacing
 * them would silently take away the storage credentials, or the toleration and the kind of node that a GPU needs. Any other list is
 * replaced as a whole; null removes.
 */

type Fields = Readonly<Record<string, unknown>>;

const keys: Readonly<Record<string, string>> = {
  containers: 'name', initContainers: 'name', volumes: 'name', env: 'name', imagePullSecrets: 'name', resourceClaims: 'name',
  volumeMounts: 'mountPath', ports: 'containerPort', topologySpreadConstraints: 'topologyKey',
};

const growing: readonly string[] = ['envFrom', 'tolerations', 'preferredDuringSchedulingIgnoredDuringExecution'];

export function overlay(base: Fields, over: Fields): Fields {
  const merged: Record<string, unknown> = { ...base };
  for (const [field, value] of Object.entries(over)) {
    if (value === null) Reflect.deleteProperty(merged, field);
    else merged[field] = mergeField(field, merged[field], value);
  }
  return merged;
}

function mergeField(field: string, base: unknown, over: unknown): unknown {
  if (isFields(base) && isFields(over)) return overlay(base, over);
  if (!isList(base) || !isList(over)) return over;
  if (growing.includes(field)) return [...base, ...over];
  if (field === 'nodeSelectorTerms') return bothTerms(base, over);
  const key = keys[field];
  return key === undefined ? over : mergeList(key, base, over);
}

/** One of the terms is enough for a node, and a term needs all it holds: so every pair of one of ours and one of theirs makes a term. */
function bothTerms(base: readonly Fields[], over: readonly Fields[]): readonly Fields[] {
  if (over.length === 0) return base;
  return base.flatMap((ours) => over.map((theirs) => bothOf(ours, theirs)));
}

function bothOf(ours: Fields, theirs: Fields): Fields {
  const joined = Object.entries(theirs).map(([field, list]) => {
    const before = ours[field];
    return [field, isList(before) && isList(list) ? [...before, ...list] : list] as const;
  });
  return { ...ours, ...Object.fromEntries(joined) };
}

function mergeList(key: string, base: readonly Fields[], over: readonly Fields[]): Fields[] {
  const known = base.map((item) => {
    const change = over.find((candidate) => candidate[key] === item[key]);
    return change === undefined ? item : overlay(item, change);
  });
  return [...known, ...over.filter((item) => !base.some((candidate) => candidate[key] === item[key]))];
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isList(value: unknown): value is readonly Fields[] {
  return Array.isArray(value) && value.every(isFields);
}
