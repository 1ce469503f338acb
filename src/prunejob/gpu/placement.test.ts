import { describe, expect, it } from 'vitest';

import type { Expression, Placement, Taint, Toleration } from '../kube.ts';
import type { GPUNode } from '../observed.ts';
import { takes } from './placement.ts';

const labels = { pool: 'serving', 'nvidia.com/gpu.memory': '81559', zone: 'a' };
const node = (overrides: Partial<GPUNode> = {}): GPUNode => ({ name: 'gpu-0', labels, allocatableGPUs: 8, ready: true, schedulable: true, ...overrides });
const affinity = (...nodeSelectorTerms: object[]): Placement => ({ affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } } });

describe('a node with a taint', () => {
  const taint: Taint = { key: 'nvidia.com/gpu', value: 'present', effect: 'NoSchedule' };
  it.each<{ name: string; toleration?: Toleration; taints?: Taint[]; is: boolean }>([
    { name: 'without a toleration', is: false },
    { name: 'that is tolerated', toleration: { key: 'nvidia.com/gpu', operator: 'Equal', value: 'present', effect: 'NoSchedule' }, is: true },
    { name: 'that is tolerated without an operator', toleration: { key: 'nvidia.com/gpu', value: 'present' }, is: true },
    { name: 'of another value', toleration: { key: 'nvidia.com/gpu', value: 'absent' }, is: false },
    { name: 'whatever its value', toleration: { key: 'nvidia.com/gpu', operator: 'Exists' }, is: true },
    { name: 'of another key', toleration: { key: 'gpu', operator: 'Exists' }, is: false },
    { name: 'of another effect', toleration: { key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoExecute' }, is: false },
    { name: 'where all are tolerated', toleration: { operator: 'Exists' }, is: true },
    { name: 'that drives pods out', taints: [{ key: 'x', effect: 'NoExecute' }], is: false },
    { name: 'without a value, which is tolerated', taints: [{ key: 'x', effect: 'NoExecute' }], toleration: { key: 'x' }, is: true },
    { name: 'that only asks', taints: [{ key: 'x', effect: 'PreferNoSchedule' }], is: true },
    { name: 'and another one that is not tolerated', taints: [taint, { key: 'x', effect: 'NoSchedule' }], toleration: { key: 'nvidia.com/gpu', operator: 'Exists' }, is: false },
    { name: 'by an operator of a later version', toleration: { key: 'nvidia.com/gpu', operator: 'Gt', value: 'present' }, is: false },
  ])('$name takes the pod: $is', ({ toleration, taints = [taint], is }) => {
    expect(takes(node({ taints }), toleration === undefined ? {} : { tolerations: [toleration] })).toBe(is);
  });
});

describe('a node with labels', () => {
  it.each<{ name: string; placement: Placement; is: boolean }>([
    { name: 'nothing asks for', placement: {}, is: true },
    { name: 'the selector has', placement: { nodeSelector: { pool: 'serving', zone: 'a' } }, is: true },
    { name: 'the selector has another of', placement: { nodeSelector: { pool: 'serving', zone: 'b' } }, is: false },
    { name: 'the selector has more of', placement: { nodeSelector: { rack: '1' } }, is: false },
    { name: 'one of the affinity\'s terms fits', placement: affinity({ matchExpressions: [{ key: 'rack', operator: 'Exists' }] }, { matchExpressions: [{ key: 'zone', operator: 'In', values: ['a'] }] }), is: true },
    { name: 'no term fits in whole', placement: affinity({ matchExpressions: [{ key: 'zone', operator: 'Exists' }, { key: 'rack', operator: 'Exists' }] }), is: false },
    { name: 'only an empty term is for', placement: affinity({}), is: false },
    { name: 'a term names by the node\'s name', placement: affinity({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['gpu-0'] }] }), is: true },
    { name: 'a term names another node for', placement: affinity({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['gpu-1'] }] }), is: false },
    { name: 'the selector fits and the affinity does not', placement: { nodeSelector: { zone: 'a' }, ...affinity({ matchExpressions: [{ key: 'pool', operator: 'NotIn', values: ['serving'] }] }) }, is: false },
    { name: 'the affinity only prefers others to', placement: { affinity: { nodeAffinity: {} } }, is: true },
  ])('$name takes the pod: $is', ({ placement, is }) => {
    expect(takes(node(), placement)).toBe(is);
  });

  it.each<Expression & { is: boolean }>([
    { key: 'zone', operator: 'In', values: ['a', 'b'], is: true },
    { key: 'zone', operator: 'In', values: ['b'], is: false },
    { key: 'rack', operator: 'In', values: ['a'], is: false },
    { key: 'zone', operator: 'NotIn', values: ['b'], is: true },
    { key: 'zone', operator: 'NotIn', values: ['a'], is: false },
    { key: 'rack', operator: 'NotIn', values: ['a'], is: true },
    { key: 'zone', operator: 'Exists', is: true },
    { key: 'rack', operator: 'Exists', is: false },
    { key: 'rack', operator: 'DoesNotExist', is: true },
    { key: 'zone', operator: 'DoesNotExist', is: false },
    { key: 'nvidia.com/gpu.memory', operator: 'Gt', values: ['80000'], is: true },
    { key: 'nvidia.com/gpu.memory', operator: 'Gt', values: ['81559'], is: false },
    { key: 'nvidia.com/gpu.memory', operator: 'Gt', values: ['9'], is: true },
    { key: 'nvidia.com/gpu.memory', operator: 'Lt', values: ['81560'], is: true },
    { key: 'nvidia.com/gpu.memory', operator: 'Lt', values: ['81559'], is: false },
    { key: 'zone', operator: 'Gt', values: ['0'], is: false },
    { key: 'rack', operator: 'Lt', values: ['1'], is: false },
    { key: 'nvidia.com/gpu.memory', operator: 'Gt', is: false },
    { key: 'zone', operator: 'Like', values: ['a'], is: false },
  ])('$key $operator $values: $is', ({ is, ...expression }) => {
    expect(takes(node(), affinity({ matchExpressions: [expression] }))).toBe(is);
  });
});
