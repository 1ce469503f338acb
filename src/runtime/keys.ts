/**
 * Keys and resource versions: the two values by which the runtime names objects and tells old from new.
 */
import type { Key, KubeObject, ResourceType } from './types.ts';

export function keyOf(object: KubeObject): Key {
  return joinKey(object.metadata.namespace, object.metadata.name);
}

export function joinKey(namespace: string | undefined, name: string): Key {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

export function splitKey(key: Key): { readonly namespace?: string; readonly name: string } {
  const slash = key.indexOf('/');
  return slash === -1 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

export function typeId(type: ResourceType): string {
  return `${type.plural}.${type.version}.${type.group}`;
}

export function apiVersionOf(type: ResourceType): string {
  return type.group === '' ? type.version : `${type.group}/${type.version}`;
}

/** Resource versions are decimal numbers that may outgrow a double: a longer one is newer, equally long ones compare as text. */
export function isAtLeast(version: string | undefined, other: string | undefined): boolean {
  if (version === undefined || other === undefined) return false;
  return version.length === other.length ? version >= other : version.length > other.length;
}
