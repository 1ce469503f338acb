import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';

import { compact } from '../compact.ts';
import type { KubeObject } from '../kube.ts';
import { patchFiles, patchText } from './patch-files.ts';
import { serviceKinds } from './registry.ts';
import { samples, type Sample } from './testing/samples.ts';

const target = { modelUri: 's3://models/pruned/', gpusPerReplica: 2, tensorParallel: 2, strategy: 'Surge', deadlineSeconds: 600 } as const;

function filesOf(kind: string, service: KubeObject = (samples[kind] as Sample).service): Record<string, string> {
  const row = serviceKinds.find(({ type }) => type.kind === kind);
  if (row === undefined) throw new Error(`${kind} has no row in the registry.`);
  const ref = { apiVersion: `${row.type.group}/${row.type.version}`, kind, namespace: 'ml', name: 'moe' };
  const { fields } = row.adapter.read({ service, deployments: [], replicaSets: [], pods: [] });
  const { deploymentStrategy, progressDeadlineSeconds } = fields;
  const wanted = row.adapter.object(ref, compact({ ...row.adapter.targetFields(fields, target), deploymentStrategy, progressDeadlineSeconds }));
  return { ...patchFiles(ref, service, wanted), text: patchText(ref, service, wanted) };
}

const read = (files: Record<string, string>, name: string): unknown => load(files[name] ?? '');

describe('the files of a patch', () => {
  it('of an InferenceService: the whole list of arguments, and no namespace, which kustomize sets later', () => {
    const files = filesOf('InferenceService');
    const resources = { limits: { 'nvidia.com/gpu': '2' }, requests: { 'nvidia.com/gpu': '2' } };
    expect(read(files, 'merge-patch.yaml')).toEqual({
      apiVersion: 'serving.kserve.io/v1beta1', kind: 'InferenceService', metadata: { name: 'moe' },
      spec: { predictor: { model: { storageUri: 's3://models/pruned/', args: ['--tensor-parallel-size=2'], resources } } },
    });
    expect(read(files, 'kustomization.yaml')).toEqual({
      apiVersion: 'kustomize.config.k8s.io/v1alpha1', kind: 'Component',
      patches: [{ path: 'merge-patch.yaml', target: { group: 'serving.kserve.io', version: 'v1beta1', kind: 'InferenceService', name: 'moe' } }],
    });
    expect(JSON.parse(files.text ?? '')).toEqual(read(files, 'merge-patch.yaml'));
    expect(files['list-patch.json']).toBeUndefined();
    expect(files.README).toContain('--type=merge');
  });

  it('of a Deployment: strategic, which names the container and leaves its image alone', () => {
    const files = filesOf('Deployment');
    const { spec } = read(files, 'merge-patch.yaml') as { spec: { template: { spec: { containers: object[] } } } };
    expect(spec.template.spec.containers.map((container) => Object.keys(container))).toEqual([['name', 'args', 'resources']]);
    expect(files.README).toContain('--type=strategic');
  });

  it('of an LLMInferenceService: the container in a patch of its own, because a merge patch would lose the others', () => {
    const files = filesOf('LLMInferenceService');
    expect(read(files, 'merge-patch.yaml')).toMatchObject({ spec: { model: { uri: 's3://models/pruned/' }, parallelism: { tensor: 2 } } });
    expect(files['merge-patch.yaml']).not.toContain('containers');
    expect(read(files, 'list-patch.json')).toContainEqual({ op: 'test', path: '/spec/template/containers/0/name', value: 'main' });
    expect(read(files, 'kustomization.yaml')).toMatchObject({ patches: [{ path: 'merge-patch.yaml' }, { path: 'list-patch.json' }] });
    expect(files.README).toContain('list-patch.json');
  });

  it('are none where nothing differs', () => {
    const { service } = samples.InferenceService as Sample;
    const ref = { apiVersion: 'serving.kserve.io/v1beta1', kind: 'InferenceService', namespace: 'ml', name: 'moe' };
    expect(patchFiles(ref, service, service)).toBeUndefined();
  });
});
