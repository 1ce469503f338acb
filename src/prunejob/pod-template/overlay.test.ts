import { describe, expect, it } from 'vitest';

import { overlay } from './overlay.ts';

const base = {
  spec: {
    containers: [{ name: 'engine', image: 'a', env: [{ name: 'A', value: '1' }], envFrom: [{ secretRef: { name: 's3' } }], volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }] }],
    volumes: [{ name: 'tmp', emptyDir: {} }],
    tolerations: [{ key: 'nvidia.com/gpu' }],
    hostAliases: [{ ip: '10.0.0.1' }],
    securityContext: { runAsUser: 65532, fsGroup: 65532 },
  },
};

describe('an overlay', () => {
  it.each([
    { name: 'keeps what it does not mention', over: {}, expected: base.spec },
    {
      name: 'merges containers and their variables by name',
      over: { containers: [{ name: 'engine', env: [{ name: 'A', value: '2' }, { name: 'B', value: '3' }] }] },
      expected: { ...base.spec, containers: [{ ...base.spec.containers[0], env: [{ name: 'A', value: '2' }, { name: 'B', value: '3' }] }] },
    },
    {
      name: 'adds volumes, and mounts by their path',
      over: { volumes: [{ name: 'site', persistentVolumeClaim: {} }], containers: [{ name: 'engine', volumeMounts: [{ name: 'site', mountPath: '/site' }] }] },
      expected: {
        ...base.spec,
        volumes: [{ name: 'tmp', emptyDir: {} }, { name: 'site', persistentVolumeClaim: {} }],
        containers: [{ ...base.spec.containers[0], volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }, { name: 'site', mountPath: '/site' }] }],
      },
    },
    {
      name: 'adds to envFrom, so that the credentials stay',
      over: { containers: [{ name: 'engine', envFrom: [{ configMapRef: { name: 'proxy' } }] }] },
      expected: { ...base.spec, containers: [{ ...base.spec.containers[0], envFrom: [{ secretRef: { name: 's3' } }, { configMapRef: { name: 'proxy' } }] }] },
    },
    { name: 'adds to tolerations, so that a GPU node stays open', over: { tolerations: [{ key: 'team' }] }, expected: { ...base.spec, tolerations: [{ key: 'nvidia.com/gpu' }, { key: 'team' }] } },
    { name: 'replaces other lists', over: { hostAliases: [{ ip: '10.0.0.2' }] }, expected: { ...base.spec, hostAliases: [{ ip: '10.0.0.2' }] } },
    { name: 'removes by null', over: { securityContext: { fsGroup: null } }, expected: { ...base.spec, securityContext: { runAsUser: 65532 } } },
  ])('$name', ({ over, expected }) => {
    expect(overlay(base, { spec: over })).toEqual({ spec: expected });
  });
});

describe('terms of a node affinity', () => {
  const [product, zone, arch] = ['product', 'zone', 'arch'].map((key) => ({ key, operator: 'Exists' }));
  const node = { key: 'metadata.name', operator: 'In', values: ['gpu-0'] };

  it.each([
    { name: 'one', theirs: [{ matchExpressions: [zone] }], expected: [{ matchExpressions: [product, zone] }] },
    { name: 'any of two', theirs: [{ matchExpressions: [zone] }, { matchExpressions: [arch] }], expected: [{ matchExpressions: [product, zone] }, { matchExpressions: [product, arch] }] },
    { name: 'a node by its name', theirs: [{ matchFields: [node] }], expected: [{ matchExpressions: [product], matchFields: [node] }] },
    { name: 'none', theirs: [], expected: [{ matchExpressions: [product] }] },
  ])('hold beside ours: $name', ({ theirs, expected }) => {
    const affinity = (nodeSelectorTerms: readonly object[]) => ({ nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } });
    expect(overlay(affinity([{ matchExpressions: [product] }]), affinity(theirs))).toEqual(affinity(expected));
  });
});
