/**
 * URLs of the Kubernetes API.
 */
import { apiVersionOf } from './keys.ts';
import type { ObjectRef, ResourceType } from './types.ts';

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export function collectionPath(type: ResourceType, namespace: string | undefined, query: Query = {}): string {
  const root = type.group === '' ? '/api' : '/apis';
  const scope = type.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}/${apiVersionOf(type)}${scope}/${type.plural}${queryString(query)}`;
}

export function objectPath({ type, namespace, name }: ObjectRef, query: Query = {}, subresource = ''): string {
  if (type.namespaced && namespace === undefined) throw new Error(`${type.kind} "${name}" needs a namespace; give one in its reference.`);
  const suffix = subresource === '' ? '' : `/${subresource}`;
  return `${collectionPath(type, namespace)}/${encodeURIComponent(name)}${suffix}${queryString(query)}`;
}

function queryString(query: Query): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value));
  return given.size === 0 ? '' : `?${given.toString()}`;
}
