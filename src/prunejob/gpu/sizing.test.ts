import { describe, expect, it } from 'vitest';

import type { GPUNode } from '../observed.ts';
import { allocatableGPUs, servingNodes, sizingFor } from './sizing.ts';
import { facts, service } from '../testing/builders.ts';

const mebibyte = 2 ** 20;
const spec = { utilization: 0.9, overheadPerGPU: '4Gi' };
const node = (overrides: Partial<GPUNode>): GPUNode => ({ name: 'gpu-0', allocatableGPUs: 8, ready: true, schedulable: true, ...overrides });

describe('the memory of a GPU', () => {
  it.each([
    { name: 'as the PruneJob says, above any label', sizing: { ...spec, gpuMemory: '80Gi' }, nodes: [node({ memoryMiB: 5 })], bytes: 80 * 2 ** 30 },
    { name: 'as the label says, in MiB, unrounded', sizing: spec, nodes: [node({ memoryMiB: 81_559 })], bytes: 81_559 * mebibyte },
    { name: 'by its product', sizing: spec, nodes: [node({ product: 'NVIDIA-H100-NVL' })], bytes: 95_830 * mebibyte },
    { name: 'by the family of its product', sizing: spec, nodes: [node({ product: 'NVIDIA-H100-80GB-HBM3' })], bytes: 81_559 * mebibyte },
    { name: 'the smallest where the service runs nowhere', sizing: spec, nodes: [node({ name: 'x', memoryMiB: 9 }), node({ name: 'y', memoryMiB: 7 })], bytes: 7 * mebibyte },
  ])('is $name', ({ sizing, nodes, bytes }) => {
    expect(sizingFor(sizing, service(), facts(), servingNodes(service(), nodes))?.gpuMemory).toBe(bytes);
  });

  it('is unknown when nothing tells it', () => {
    expect(sizingFor(spec, service(), facts(), [node({ product: 'ACME-1' })])).toBeUndefined();
  });

  it.each([
    { product: 'NVIDIA-L40S', mib: 46_068 },
    { product: 'NVIDIA-L4', mib: 23_034 },
    { product: 'NVIDIA-A100-SXM4-40GB', mib: 40_960 },
    { product: 'NVIDIA-A100-80GB-PCIe', mib: 81_920 },
  ])('of $product is $mib MiB', ({ product, mib }) => {
    expect(sizingFor(spec, service(), facts(), [node({ product })])?.gpuMemory).toBe(mib * mebibyte);
  });

  it.each(['NVIDIA-H100-80GB-HBM3-MIG-1g.10gb', 'NVIDIA-A100-80GB-PCIe-SHARED'])('is not taken for that of the whole card in %s', (product) => {
    expect(sizingFor(spec, service(), facts(), [node({ product })])).toBeUndefined();
  });
});

describe('the tokens to hold', () => {
  it.each([
    { name: 'by the PruneJob', sizing: { ...spec, maxModelLen: 10_000, maxConcurrency: 14 }, args: { maxModelLen: 8192, maxConcurrency: 16 }, expected: [10_000, 14, false] },
    { name: 'by the service\'s arguments', sizing: spec, args: { maxModelLen: 8192, maxConcurrency: 16 }, expected: [8192, 16, false] },
    { name: 'by the model', sizing: spec, args: {}, expected: [512, 64, false] },
    { name: 'by the service, which promises more than the PruneJob asks for', sizing: { ...spec, maxModelLen: 8192, maxConcurrency: 15 }, args: { maxModelLen: 8192, maxConcurrency: 16 }, expected: [8192, 16, true] },
    { name: 'by one request of the length that the service accepts', sizing: { ...spec, maxModelLen: 100, maxConcurrency: 2 }, args: { maxModelLen: 8192 }, expected: [8192, 1, true] },
    { name: 'by one request of the model\'s length, which a server without arguments accepts', sizing: { ...spec, maxModelLen: 100, maxConcurrency: 2 }, args: {}, expected: [512, 1, true] },
  ])('$name', ({ sizing, args, expected }) => {
    const found = sizingFor(sizing, service(args), facts(), [node({ memoryMiB: 5 })]);
    expect([found?.maxModelLen, found?.maxConcurrency, found?.tokensOfService]).toEqual(expected);
    expect(found?.overheadPerGPU).toBe(4 * 2 ** 30);
  });
});

describe('the nodes that count', () => {
  const small = node({ name: 'small', product: 'L4', memoryMiB: 1 });
  const big = node({ product: 'H100', memoryMiB: 9 });
  const twin = node({ name: 'twin', product: 'H100', memoryMiB: 9 });

  it('are those of the service\'s own product', () => {
    expect(servingNodes(service(), [small, big, twin])).toEqual([big, twin]);
    expect(servingNodes(service({ nodeNames: [] }), [small, big])).toEqual([small, big]);
  });

  it('offer GPUs only while ready and schedulable', () => {
    expect(allocatableGPUs(service(), [big, node({ ready: false }), node({ schedulable: false }), twin])).toBe(16);
  });

  it('offer GPUs only to pods that tolerate their taints and select them', () => {
    const tainted = node({ name: 'tainted', taints: [{ key: 'team', effect: 'NoSchedule' }] });
    const nodes = [node({ labels: { pool: 'a' } }), tainted];
    expect(allocatableGPUs(service(), nodes)).toBe(8);
    expect(allocatableGPUs(service({ placement: { tolerations: [{ operator: 'Exists' }] } }), nodes)).toBe(16);
    expect(allocatableGPUs(service({ placement: { nodeSelector: { pool: 'b' } } }), nodes)).toBe(0);
  });
});
