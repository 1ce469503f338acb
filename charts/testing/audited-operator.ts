/** The operator at a real API server with the chart's rights and no others, and the server's own record of what it asked. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dump } from 'js-yaml';
import { startApiServer, type ApiServer } from '../../e2e/lib/apiserver.ts';
import { OperatorProcess } from '../../src/shell/testing/operator-process.ts';
import { renderChart, withoutHelm } from '../../scripts/chart.ts';
import { inferenceServiceType } from '../../src/prunejob/serving/kserve-types.ts';
import { llmServiceType } from '../../src/prunejob/serving/llmisvc-types.ts';
import type { ServiceType } from '../../src/prunejob/serving/adapter.ts';

export const account = 'system:serviceaccount:stun-operator:stun-operator';
const policy = fileURLToPath(new URL('audit-policy.yaml', import.meta.url));

/** One kind of request: `patch apps/deployments`, `patch stun-operator.io/prunejobs/status`. */
export type Call = string;

interface AuditEvent {
  readonly stage: string;
  readonly verb: string;
  readonly objectRef?: { readonly apiGroup?: string; readonly resource: string; readonly subresource?: string };
}

export interface AuditedServer {
  readonly server: ApiServer;
  calls(): Promise<Set<Call>>;
  /** With leader election, as the chart runs it. */
  startOperator(): Promise<OperatorProcess>;
  stop(): Promise<void>;
}

export async function startAudited(): Promise<AuditedServer> {
  const folder = await mkdtemp(join(tmpdir(), 'stun-audit-'));
  const log = join(folder, 'audit.log');
  const server = await startApiServer({ flags: [`--audit-policy-file=${policy}`, `--audit-log-path=${log}`] });
  try {
    await apply(server, [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'stun-operator' } }, definition(llmServiceType('v1alpha2'), ['v1alpha1', 'v1alpha2']), definition(inferenceServiceType, ['v1beta1'])]);
    await apply(server, renderChart().map(withoutHelm));
    return { server, calls: () => callsOf(log), startOperator: () => startOperator(server), stop: () => stop(server, folder) };
  } catch (error) {
    await stop(server, folder);
    throw error;
  }
}

async function stop(server: ApiServer, folder: string): Promise<void> {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

export async function apply(server: ApiServer, objects: readonly object[], ...flags: readonly string[]): Promise<void> {
  const file = join(server.folder, 'apply.yaml');
  await writeFile(file, objects.map((object) => dump(object)).join('---\n'));
  await server.kubectl('apply', '--server-side', '--force-conflicts', ...flags, '-f', file);
}

/** What the operator reads and writes of KServe's objects passes; their own controllers do not run here. */
function definition({ group, plural, kind }: ServiceType, versions: readonly string[]): object {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: { group, names: { kind, plural }, scope: 'Namespaced', versions: versions.map((name, index) => ({ name, served: true, storage: index === 0, schema, subresources: { status: {} } })) },
  };
}

async function startOperator(server: ApiServer): Promise<OperatorProcess> {
  const token = (await server.kubectl('create', 'token', 'stun-operator', '--namespace=stun-operator')).trim();
  const admin = JSON.parse(await readFile(server.kubeconfig, 'utf8')) as object;
  const kubeconfig = `${server.kubeconfig}-operator`;
  await writeFile(kubeconfig, JSON.stringify({ ...admin, users: [{ name: 'admin', user: { token } }] }), { mode: 0o600 });
  return OperatorProcess.start(kubeconfig, []);
}

async function callsOf(log: string): Promise<Set<Call>> {
  const lines = (await readFile(log, 'utf8')).split('\n').slice(0, -1);
  return new Set(lines.map((line) => JSON.parse(line) as AuditEvent).flatMap(callOf));
}

/** A watch is told of when it opens and when it ends; everything else once. */
function callOf({ verb, objectRef }: AuditEvent): Call[] {
  if (objectRef === undefined) return [];
  const { apiGroup, resource, subresource } = objectRef;
  return [`${verb} ${[apiGroup, resource, subresource].filter((part) => part !== undefined && part !== '').join('/')}`];
}
