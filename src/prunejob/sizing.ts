/** What the plan counts with: the PruneJob's own sizing, else what the service's arguments and the nodes say. */
import type { SizingSpec } from '../api/v1alpha1/prunejob.ts';
import type { Sizing } from './gpu-plan-types.ts';
import type { Facts } from './messages.ts';
import type { GPUNode } from './observed.ts';
import type { ServiceObserved } from './serving/adapter.ts';
import { quantity } from './units.ts';

const defaultConcurrency = 64;
const mebibyte = 2 ** 20;

/** MiB of one card as `nvidia-smi` shows them, for nodes without the label; keyed by the start of the product's label. */
const memoryByProduct: readonly (readonly [string, number])[] = [
  ['NVIDIA-H200', 143771],
  ['NVIDIA-H100-NVL', 95830],
  ['NVIDIA-H100', 81559],
  ['NVIDIA-B200', 183359],
  ['NVIDIA-A100-SXM4-40GB', 40960],
  ['NVIDIA-A100-PCIE-40GB', 40960],
  ['NVIDIA-A100', 81920],
  ['NVIDIA-L40S', 46068],
  ['NVIDIA-L4', 23034],
];

/** Undefined when nothing tells how much memory a GPU has. */
export function sizingFor(spec: SizingSpec, service: ServiceObserved, facts: Facts, nodes: readonly GPUNode[]): Sizing | undefined {
  const gpuMemory = spec.gpuMemory === undefined ? smallestGPU(servingNodes(service, nodes)) : quantity(spec.gpuMemory);
  if (gpuMemory === undefined) return undefined;
  return {
    gpuMemory,
    utilization: spec.utilization,
    overheadPerGPU: quantity(spec.overheadPerGPU),
    maxModelLen: spec.maxModelLen ?? service.maxModelLen ?? facts.maxPositionEmbeddings,
    maxConcurrency: spec.maxConcurrency ?? service.maxConcurrency ?? defaultConcurrency,
  };
}

/** The nodes of the service's own kind of card, because a pod may land on any of them; all, while it runs nowhere. */
export function servingNodes({ nodeNames }: ServiceObserved, nodes: readonly GPUNode[]): readonly GPUNode[] {
  const products = new Set(nodes.filter(({ name }) => nodeNames.includes(name)).map(({ product }) => product));
  return products.size === 0 ? nodes : nodes.filter(({ product }) => products.has(product));
}

export function allocatableGPUs(nodes: readonly GPUNode[]): number {
  return nodes.filter(({ ready, schedulable }) => ready && schedulable).reduce((sum, node) => sum + node.allocatableGPUs, 0);
}

function smallestGPU(nodes: readonly GPUNode[]): number | undefined {
  const known = nodes.map(memoryOf).filter((bytes) => bytes !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

function memoryOf({ memoryMiB, product }: GPUNode): number | undefined {
  const mib = memoryMiB ?? memoryByProduct.find(([start]) => product?.startsWith(start))?.[1];
  return mib === undefined ? undefined : mib * mebibyte;
}
