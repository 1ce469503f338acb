/** RFC 6902, as far as emitted patches use it. The real tools apply them in the end-to-end test. */
import type { KubeObject } from '../../kube.ts';
import { equal } from '../fields.ts';
import type { PatchOperation } from '../patch.ts';

type Container = Record<string, unknown>;

export function patched(service: KubeObject, patch = '[]'): KubeObject {
  const document = structuredClone(service) as unknown as Container;
  for (const operation of JSON.parse(patch) as PatchOperation[]) apply(document, operation);
  return document as unknown as KubeObject;
}

function apply(document: Container, { op, path, value }: PatchOperation): void {
  const keys = path.split('/').slice(1).map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  const last = keys.pop() ?? '';
  const parent = keys.reduce<Container | undefined>((inner, key) => inner?.[key] as Container | undefined, document);
  if (parent === undefined || (op !== 'add' && parent[last] === undefined)) throw new Error(`${op} ${path}: there is no such place`);
  if (op === 'test' && !equal(parent[last], value)) throw new Error(`test ${path}: it has another value`);
  if (op === 'remove') Reflect.deleteProperty(parent, last);
  if (op === 'add' || op === 'replace') parent[last] = value;
}
