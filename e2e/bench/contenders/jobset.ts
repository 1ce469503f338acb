/** JobSet, built from its Go module and configured as its manifests do, except that the certificate of its webhooks is given. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { loadAll } from 'js-yaml';

import { binaries } from '../../../scripts/tools.ts';
import type { Program } from '../../lib/daemon.ts';
import { namespace, type ControlPlane } from '../control-plane.ts';
import { isTrue, type Contender, type Replica } from './contender.ts';
import { job } from './job.ts';

const moduleFolder = join(binaries, '../jobset-module');
const webhookPort = 9443;
const certificates = '/tmp/k8s-webhook-server/serving-certs';

export const jobsetWithoutWebhooks: Contender = {
  name: 'jobset-without-webhooks',
  collection: `/apis/jobset.x-k8s.io/v1alpha2/namespaces/${namespace}/jobsets`,
  object,
  isTerminal: (live) => isTrue(live, 'Completed'),
  electsLeader: true,
  prepare: async (plane) => {
    await makeCertificate();
    const folder = join(moduleFolder, 'config/components/crd/bases');
    await plane.apply(...(await readdir(folder)).map((file) => join(folder, file)));
  },
  program: (replica) => program(replica, replica.ports[2]),
};

export const jobset: Contender = {
  ...jobsetWithoutWebhooks,
  name: 'jobset',
  // The API server calls one fixed address here, so a second replica could not serve the webhooks.
  electsLeader: false,
  prepare: async (plane) => {
    await jobsetWithoutWebhooks.prepare(plane);
    await installWebhooks(plane);
  },
  program: (replica) => program(replica, webhookPort),
};

/** With what its webhook would fill in, so that it does the same with and without. */
function object(name: string): object {
  const replicatedJobs = [{ name: 'prune', replicas: 1, template: { spec: { completionMode: 'Indexed', ...job(name).spec } } }];
  const spec = { replicatedJobs, network: { enableDNSHostnames: false }, successPolicy: { operator: 'All' }, startupPolicy: { startupPolicyOrder: 'AnyOrder' } };
  return { apiVersion: 'jobset.x-k8s.io/v1alpha2', kind: 'JobSet', metadata: { name, namespace }, spec };
}

async function program({ kubeconfig, folder, ports: [metrics, probes] }: Replica, port: number): Promise<Program> {
  const config = join(folder, 'jobset.json');
  await mkdir(folder, { recursive: true });
  await writeFile(config, JSON.stringify({
    apiVersion: 'config.jobset.x-k8s.io/v1alpha1',
    kind: 'Configuration',
    internalCertManagement: { enable: false },
    leaderElection: { leaderElect: true, resourceNamespace: namespace },
    webhook: { host: '127.0.0.1', port },
  }));
  return {
    command: [join(binaries, 'jobset'), `--config=${config}`, `--metrics-bind-address=127.0.0.1:${metrics}`, `--health-probe-bind-address=127.0.0.1:${probes}`],
    env: { KUBECONFIG: kubeconfig },
  };
}

async function makeCertificate(): Promise<void> {
  await mkdir(certificates, { recursive: true });
  const files = ['-keyout', join(certificates, 'tls.key'), '-out', join(certificates, 'tls.crt')];
  await promisify(execFile)('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=jobset-webhook', '-addext', 'subjectAltName=IP:127.0.0.1', ...files,
  ]);
}

interface WebhookConfiguration {
  readonly metadata: { readonly name: string };
  readonly webhooks: readonly { readonly clientConfig: { readonly service: { readonly path: string } } }[];
}

/** Its own configuration, with the address on loopback instead of a Service. */
async function installWebhooks({ server }: ControlPlane): Promise<void> {
  const caBundle = (await readFile(join(certificates, 'tls.crt'))).toString('base64');
  const manifests = loadAll(await readFile(join(moduleFolder, 'config/components/webhook/manifests.yaml'), 'utf8')) as WebhookConfiguration[];
  const local = manifests.map((manifest) => ({
    ...manifest,
    webhooks: manifest.webhooks.map((webhook) => ({ ...webhook, clientConfig: { url: `https://127.0.0.1:${webhookPort}${webhook.clientConfig.service.path}`, caBundle } })),
  }));
  const file = join(server.folder, 'webhooks.json');
  await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: local }));
  await server.kubectl('apply', '--server-side', '-f', file);
}
