/** RFC 6902, as far as the operator uses it. A failed `test` is answered with 422, like everything that is not valid. */
import { isDeepStrictEqual } from 'node:util';
import { ApiError } from '../../../src/runtime/errors.ts';
import type { JsonPatchOperation } from '../../../src/runtime/types.ts';

export function patched(object: unknown, operations: readonly JsonPatchOperation[]): unknown {
  return operations.reduce((current, operation) => step(current, operation), structuredClone(object));
}

function step(object: unknown, operation: JsonPatchOperation): unknown {
  const names = operation.path.slice(1).split('/').map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  const last = names.pop() ?? '';
  const parent = names.reduce((value, name) => child(value, name, operation), object);
  if (typeof parent !== 'object' || parent === null) throw refused(operation);
  if (operation.op === 'test') test(parent, last, operation);
  else change(parent, last, operation);
  return object;
}

function test(parent: object, name: string, operation: JsonPatchOperation): void {
  if (!isDeepStrictEqual(Reflect.get(parent, name), operation.value)) throw refused(operation);
}

function change(parent: object, name: string, operation: JsonPatchOperation): void {
  if (operation.op !== 'add' && !Reflect.has(parent, name)) throw refused(operation);
  if (Array.isArray(parent)) parent.splice(Number(name), operation.op === 'add' ? 0 : 1, ...(operation.op === 'remove' ? [] : [operation.value]));
  else if (operation.op === 'remove') Reflect.deleteProperty(parent, name);
  else Reflect.set(parent, name, operation.value);
}

function child(value: unknown, name: string, operation: JsonPatchOperation): unknown {
  if (typeof value !== 'object' || value === null || !Reflect.has(value, name)) throw refused(operation);
  return Reflect.get(value, name);
}

function refused({ op, path }: JsonPatchOperation): ApiError {
  return new ApiError(422, { reason: 'Invalid', message: `the server rejected our request due to an error in our request: ${op} of ${path} failed` });
}
