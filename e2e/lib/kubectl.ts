/**
 * The tests and the demo talk to the cluster the way a user does: by kubectl.
 *
 * KUBECONFIG and PATH come from `e2e/cluster/run`.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const maxBuffer = 64 * 1024 * 1024;

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

/** Any Kubernetes object as JSON; the caller names the shape of `spec` and `status` that it reads. */
export interface Resource<Spec = Record<string, unknown>, Status = Record<string, unknown>> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
    readonly finalizers?: readonly string[];
    readonly creationTimestamp?: string;
    readonly managedFields?: readonly { readonly manager: string; readonly subresource?: string }[];
  };
  readonly spec: Spec;
  readonly status?: Status;
}

export class KubectlError extends Error {
  override readonly name = 'KubectlError';
}

/** Runs kubectl and gives its standard output. `input` goes to standard input, for `apply -f -`. */
export async function kubectl(args: readonly string[], input?: string): Promise<string> {
  const child = run('kubectl', [...args], { maxBuffer });
  if (input !== undefined) child.child.stdin?.end(input);
  try {
    return (await child).stdout;
  } catch (error) {
    const stderr = (error as { stderr?: string }).stderr ?? String(error);
    throw new KubectlError(`kubectl ${args.join(' ')}: ${stderr.trim()}`);
  }
}

export async function get<T extends Resource<unknown, unknown>>(kind: string, name: string, namespace: string, ...flags: readonly string[]): Promise<T | undefined> {
  const text = await kubectl(['get', kind, name, '-n', namespace, '-o', 'json', '--ignore-not-found', ...flags]);
  return text.trim() === '' ? undefined : (JSON.parse(text) as T);
}

export async function list<T extends Resource<unknown, unknown>>(kind: string, namespace: string, selector = ''): Promise<T[]> {
  const args = ['get', kind, '-n', namespace, '-o', 'json'];
  const text = await kubectl(selector === '' ? args : [...args, '-l', selector]);
  return (JSON.parse(text) as { items: T[] }).items;
}

export async function apply(object: object, namespace: string): Promise<void> {
  await kubectl(['apply', '-n', namespace, '-f', '-'], JSON.stringify(object));
}

export async function remove(kind: string, name: string, namespace: string): Promise<void> {
  await kubectl(['delete', kind, name, '-n', namespace, '--ignore-not-found']);
}
