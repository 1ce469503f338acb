/** A real API server as the CLI meets it: a kubeconfig to name, PruneJobs to create, and statuses that an operator would write. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'js-yaml';

import { startApiServer, type ApiServer } from '../../../e2e/lib/apiserver.ts';
import type { PruneJob, PruneJobStatus } from '../../api/v1alpha1/prunejob.ts';
import { eventually, when } from '../../runtime/testing/eventually.ts';

const crd = new URL('../../../crds/stun-operator.io_prunejobs.yaml', import.meta.url);
const pruneJobs = '/apis/stun-operator.io/v1alpha1/namespaces/ml/prunejobs';

interface KubeConfigFile {
  readonly clusters: { readonly name: string; readonly cluster: Record<string, unknown> }[];
  readonly users: { readonly name: string; readonly user: Record<string, unknown> }[];
}

export class CliApi {
  readonly server: ApiServer;
  readonly folder = mkdtempSync(join(tmpdir(), 'cli-api-'));

  private constructor(server: ApiServer) {
    this.server = server;
  }

  /** Without the CRD, and with the namespace ml. */
  static async start(): Promise<CliApi> {
    const api = new CliApi(await startApiServer());
    await api.#post('/api/v1/namespaces', { metadata: { name: 'ml' } });
    return api;
  }

  get port(): number {
    return Number(new URL(this.server.url).port);
  }

  async installCRD(): Promise<void> {
    await this.#post('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', load(readFileSync(crd, 'utf8')));
    await eventually('the CRD is served', async () => when((await this.server.call('GET', pruneJobs)).code === 200));
  }

  /** The flags that name this server. */
  flags(kubeconfig = this.server.kubeconfig): string[] {
    return ['-n', 'ml', '--kubeconfig', kubeconfig];
  }

  /** Through a proxy on that port. */
  kubeconfigAt(port: number): string {
    return this.#kubeconfig(`port-${port}`, ({ clusters }) => { for (const { cluster } of clusters) cluster['server'] = `https://127.0.0.1:${port}`; });
  }

  /** Somebody who may do nothing at all. */
  async kubeconfigOfNobody(): Promise<string> {
    const accounts = '/api/v1/namespaces/ml/serviceaccounts';
    await this.#post(accounts, { metadata: { name: 'nobody' } });
    const { status } = (await this.#post(`${accounts}/nobody/token`, { spec: {} })) as { readonly status: { readonly token: string } };
    return this.#kubeconfig('nobody', ({ users }) => { for (const { user } of users) user['token'] = status.token; });
  }

  async create(name: string, spec: object): Promise<void> {
    await this.#post(pruneJobs, { apiVersion: 'stun-operator.io/v1alpha1', kind: 'PruneJob', metadata: { name }, spec });
  }

  async read(name: string): Promise<PruneJob | undefined> {
    const { code, body } = await this.server.call('GET', `${pruneJobs}/${name}`);
    return code === 200 ? (body as PruneJob) : undefined;
  }

  async writeStatus(name: string, status: PruneJobStatus): Promise<void> {
    const { code, body } = await this.server.call('PATCH', `${pruneJobs}/${name}/status`, { status });
    if (code !== 200) throw new Error(`The status is refused: ${JSON.stringify(body)}`);
  }

  async remove(name: string): Promise<void> {
    await this.server.call('DELETE', `${pruneJobs}/${name}`);
  }

  async stop(): Promise<void> {
    rmSync(this.folder, { recursive: true });
    await this.server.stop();
  }

  #kubeconfig(name: string, change: (config: KubeConfigFile) => void): string {
    const config = JSON.parse(readFileSync(this.server.kubeconfig, 'utf8')) as KubeConfigFile;
    change(config);
    const path = join(this.folder, `${name}.kubeconfig`);
    writeFileSync(path, JSON.stringify(config));
    return path;
  }

  async #post(path: string, body: unknown): Promise<unknown> {
    const answer = await this.server.call('POST', path, body);
    if (answer.code >= 300) throw new Error(`${path} is refused: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }
}
