/**
 * A real Kueue, as its own manifests install it: a Deployment with webhooks and certificates of its own making.
 *
 * Only its Jobs are asked for, and in one namespace: the pods of other tests must not wait for its webhooks.
 */
import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { dump, load, loadAll } from 'js-yaml';

import { binaries } from '../../../scripts/tools.ts';
import { kubectl, type Resource } from '../../lib/kubectl.ts';
import { patience } from '../../lib/patience.ts';
import { namespace } from './place.ts';

const run = promisify(execFile);

/** What `e2e/kueue/tools/build` made. */
const tools = join(dirname(binaries), 'kueue');
const kueueNamespace = 'kueue-system';
const image = 'localhost/kueue:dev';

interface Webhook {
  readonly clientConfig: { readonly service: { readonly path: string } };
}

interface Manifest extends Resource<ManagerSpec> {
  readonly data?: Readonly<Record<string, string>>;
  readonly webhooks?: readonly Webhook[];
}

interface ManagerSpec {
  readonly template: { readonly spec: { readonly containers: readonly object[] } };
}

export async function installKueue(): Promise<void> {
  await run('ctr', ['-n', 'k8s.io', 'images', 'import', join(tools, 'kueue.tar')]);
  await kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], yaml(await manifests()));
  await kubectl(['rollout', 'status', 'deployment/kueue-controller-manager', '-n', kueueNamespace, `--timeout=${patience}s`]);
}

/** First what would otherwise refuse every Job of that namespace, or keep others from going. */
export async function removeKueue(): Promise<void> {
  const installed = await manifests();
  const webhooks = installed.filter((manifest) => manifest.webhooks !== undefined);
  for (const part of [webhooks, installed]) await kubectl(['delete', '--ignore-not-found', '--wait', '-f', '-'], yaml(part));
}

/** Without the API for pending workloads: while its server is away, no namespace could be deleted. */
async function manifests(): Promise<Manifest[]> {
  const all = loadAll(await kubectl(['kustomize', join(tools, 'module/config/default')])) as Manifest[];
  return all.filter(({ kind }) => kind !== 'APIService').map(adapted);
}

function adapted(manifest: Manifest): Manifest {
  if (manifest.kind === 'Deployment') return { ...manifest, spec: ours(manifest.spec) };
  if (manifest.webhooks !== undefined) return { ...manifest, webhooks: manifest.webhooks.filter(isNeeded).map(inNamespace) };
  const [file] = Object.keys(manifest.data ?? {}).filter((name) => name === 'controller_manager_config.yaml');
  return file === undefined ? manifest : { ...manifest, data: { [file]: configuration(manifest.data?.[file] ?? '') } };
}

/** The image that was built here. */
function ours(spec: ManagerSpec): ManagerSpec {
  const containers = spec.template.spec.containers.map((container) => ({ ...container, image, imagePullPolicy: 'Never' }));
  return { ...spec, template: { ...spec.template, spec: { ...spec.template.spec, containers } } };
}

function isNeeded({ clientConfig: { service } }: Webhook): boolean {
  return /-(batch-v1-job|kueue-x-k8s-io-[^/]*)$/.test(service.path);
}

/** Objects of the whole cluster have none, and pass through all the same. */
function inNamespace(webhook: Webhook): Webhook & { readonly namespaceSelector: object } {
  return { ...webhook, namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } };
}

function configuration(text: string): string {
  return dump({ ...(load(text) as object), integrations: { frameworks: ['batch/job'] } });
}

function yaml(objects: readonly object[]): string {
  return objects.map((object) => dump(object)).join('---\n');
}
