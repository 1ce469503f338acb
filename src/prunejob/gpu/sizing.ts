/** What the plan counts with: the PruneJob's own sizing, else what the service's arguments and the nodes say. */
import type { SizingSpec } from '../../api/v1alpha1/prunejob.ts';
import type { ModelFacts } from './facts.ts';
import { cacheBytes } from './fit.ts';
import type { Sizing, Tokens } from './plan-types.ts';
import type { GPUNode } from '../observed.ts';
import type { ServiceObserved } from '../serving/adapter.ts';
import { quantity } from '../units.ts';
import { takes } from './placement.ts';

const defaultConcurrency = 64;
const mebibyte = 2 ** 20;

/** MiB of one card as `nvidia-smi` shows them, for nodes without the label; the first start of the product's label that fits counts. */
const memoryByProduct: readonly (readonly [string, number])[] = [
  ['NVIDIA-B200', 183359],
  ['NVIDIA-GH200-480GB', 97871],
  ['NVIDIA-H200', 143771],
  ['NVIDIA-H100-NVL', 95830],
  ['NVIDIA-H100', 81559],
  ['NVIDIA-A100-SXM4-40GB', 40960],
  ['NVIDIA-A100-PCIE-40GB', 40960],
  ['NVIDIA-A100', 81920],
  ['NVIDIA-A40', 46068],
  ['NVIDIA-L40', 46068],
  ['NVIDIA-L4', 23034],
];

/** A slice of a card, or a card that pods take turns on, goes by the card's name with one of these in it. */
const partOfCard = /-MIG-|-SHARED/;

/** Undefined when nothing tells how much memory a GPU has. */
export function sizingFor(spec: SizingSpec, service: ServiceObserved, facts: ModelFacts, nodes: readonly GPUNode[]): Sizing | undefined {
  const gpuMemory = spec.gpuMemory === undefined ? smallestGPU(servingNodes(service, nodes)) : quantity(spec.gpuMemory);
  if (gpuMemory === undefined) return undefined;
  return { gpuMemory, utilization: spec.utilization, overheadPerGPU: quantity(spec.overheadPerGPU), ...tokensToHold(spec, service, facts) };
}

/**
 * As asked, but never less than the service promises by its own arguments: clients rely on them, and vLLM does not start unless one
 * request of its max-model-len fits, which is the model's own where it is not stated.
 */
function tokensToHold(spec: SizingSpec, service: ServiceObserved, facts: ModelFacts): Tokens & { readonly tokensOfService: boolean } {
  const stated = { maxModelLen: service.maxModelLen ?? facts.maxPositionEmbeddings, maxConcurrency: service.maxConcurrency ?? 1 };
  const asked = { maxModelLen: spec.maxModelLen ?? stated.maxModelLen, maxConcurrency: spec.maxConcurrency ?? service.maxConcurrency ?? defaultConcurrency };
  const tokensOfService = cacheBytes(facts, stated) > cacheBytes(facts, asked);
  return { ...(tokensOfService ? stated : asked), tokensOfService };
}

/** The nodes of the service's own kind of card, because a pod may land on any of them; all, while it runs nowhere. */
export function servingNodes({ nodeNames }: ServiceObserved, nodes: readonly GPUNode[]): readonly GPUNode[] {
  const products = new Set(nodes.filter(({ name }) => nodeNames.includes(name)).map(({ product }) => product));
  return products.size === 0 ? nodes : nodes.filter(({ product }) => products.has(product));
}

/** Of these, the ones onto which a new pod of the service may go. */
export function usableNodes(service: ServiceObserved, nodes: readonly GPUNode[]): readonly GPUNode[] {
  return servingNodes(service, nodes).filter((node) => node.ready && node.schedulable && takes(node, service.placement ?? {}));
}

export function allocatableGPUs(service: ServiceObserved, nodes: readonly GPUNode[]): number {
  return usableNodes(service, nodes).reduce((sum, node) => sum + node.allocatableGPUs, 0);
}

function smallestGPU(nodes: readonly GPUNode[]): number | undefined {
  const known = nodes.map(memoryOf).filter((bytes) => bytes !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

function memoryOf({ memoryMiB, product }: GPUNode): number | undefined {
  const mib = memoryMiB ?? memoryOfProduct(product ?? '');
  return mib === undefined ? undefined : mib * mebibyte;
}

function memoryOfProduct(product: string): number | undefined {
  return partOfCard.test(product) ? undefined : memoryByProduct.find(([start]) => product.startsWith(start))?.[1];
}
