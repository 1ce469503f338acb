/** What moving a Deployment relies on the API server for: defaults, the validation of a strategy, and who owns which field. */
import { KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Api } from '../../crds/fixture.ts';
import type { ApiServer } from '../../e2e/lib/apiserver.ts';
import { fieldManager } from '../api/names.ts';
import type { PruneJob } from '../api/v1alpha1/prunejob.ts';
import { deployment } from '../prunejob/serving/deployment.ts';
import { deploymentType } from '../prunejob/serving/deployment-types.ts';
import { restoredFields } from '../prunejob/serving/fields.ts';
import type { ServiceFields, ServiceObserved } from '../prunejob/serving/adapter.ts';
import { vllmDeployment } from '../prunejob/serving/testing/samples.ts';
import { createClient, type KubeClient } from '../runtime/client.ts';
import { createAct, type Act } from './act.ts';

const namespace = 'default';
const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
const modelUri = 's3://pruned/moe/';

describe('a Deployment at the API server', () => {
  let server: ApiServer;
  let client: KubeClient;
  let act: Act;
  let mover: PruneJob;

  beforeAll(async () => {
    const api = await Api.start();
    server = api.server;
    mover = (await api.create('mover', { model: { uri: 's3://models/x/' }, pruning: { experts: { ratio: 0.25 } }, output: { uri: 's3://models/p/' } })).object as unknown as PruneJob;
    const kubeConfig = new KubeConfig();
    kubeConfig.loadFromFile(server.kubeconfig);
    client = createClient({ kubeConfig, fieldManager });
    act = createAct(client);
  });
  afterAll(async () => {
    client.close();
    await server.stop();
  });

  const created = async (name: string, strategy: object | undefined): Promise<void> => {
    const { apiVersion, kind, spec } = vllmDeployment();
    const { containers = [] } = spec?.template?.spec ?? {};
    const template = { ...spec?.template, spec: { containers: containers.map((container) => ({ image: 'vllm/vllm-openai', ...container })) } };
    const body = { apiVersion, kind, metadata: { name }, spec: { selector: spec?.selector, template, ...(strategy === undefined ? {} : { strategy }) } };
    expect(await server.call('POST', `${path}?fieldManager=kubectl-create`, body)).toMatchObject({ code: 201 });
  };
  const live = async (name: string): Promise<ServiceObserved & { readonly spec: unknown }> => {
    const service = await client.get<Parameters<typeof deployment.read>[0]['service']>({ type: deploymentType, namespace, name });
    if (service === undefined) throw new Error(`Deployment ${name} is gone.`);
    return { ...deployment.read({ service, deployments: [], replicaSets: [], pods: [] }), spec: service.spec };
  };
  const write = async (name: string, fields: Partial<ServiceFields>): Promise<void> => {
    const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name };
    await act({ kind: 'ApplyService', ref, object: deployment.object(ref, fields) }, mover);
  };

  it.each([
    { own: 'default', strategy: undefined, rollout: 'Surge' },
    { own: 'default', strategy: undefined, rollout: 'Recreate' },
    { own: 'recreate', strategy: { type: 'Recreate' }, rollout: 'Surge' },
    { own: 'recreate', strategy: { type: 'Recreate' }, rollout: 'Recreate' },
  ] as const)('with its $own strategy moves by $rollout and comes back to the last field', async ({ own, strategy, rollout }) => {
    const name = `${own}-${rollout.toLowerCase()}`;
    await created(name, strategy);
    const before = await live(name);
    expect(before.refusal).toBeUndefined();
    const target = { ...deployment.targetFields(before.fields, { modelUri, gpusPerReplica: 2, tensorParallel: 2, strategy: rollout, deadlineSeconds: 1800 }), receipt: '{"runKey":"r"}' };
    await write(name, target);
    const moved = await live(name);
    expect(moved.fields).toEqual(target);
    expect(moved).toMatchObject({ managedByUs: true, gitOwners: [] });
    await write(name, restoredFields(before.fields, target, moved.fields));
    const back = await live(name);
    expect(back.spec).toEqual(before.spec);
    expect(back.fields).toEqual(before.fields);
    await act({ kind: 'ReleaseService', ref: { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name } }, mover);
    expect(await live(name)).toMatchObject({ spec: before.spec, managedByUs: false });
  });

  it('refuses Recreate beside the rollingUpdate of another manager, which is why the adapter never asks for it', async () => {
    await created('both', undefined);
    const { fields } = await live('both');
    await expect(write('both', { ...fields, deploymentStrategy: { type: 'Recreate' } })).rejects.toThrow(/rollingUpdate.*may not be specified/);
  });
});
