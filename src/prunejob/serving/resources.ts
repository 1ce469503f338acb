/** GPUs in the resources of a container. */
import { compact } from '../compact.ts';
import type { Container, Quantities } from '../kube.ts';
import type { ServiceFields } from './adapter.ts';

export const gpu = 'nvidia.com/gpu';

type Resources = NonNullable<Container['resources']>;

export function readGPUs({ limits, requests }: Resources = {}): Pick<ServiceFields, 'gpuLimit' | 'gpuRequest'> {
  return compact({ gpuLimit: gpuCount(limits), gpuRequest: gpuCount(requests) });
}

export function gpuResources({ gpuLimit, gpuRequest }: Partial<ServiceFields>): Resources {
  return compact({ limits: gpuQuantity(gpuLimit), requests: gpuQuantity(gpuRequest) });
}

export function gpuLimitOf(container: Container | undefined): number {
  return gpuCount(container?.resources?.limits) ?? 0;
}

export function gpuCount(quantities: Quantities | undefined): number | undefined {
  const value = quantities?.[gpu];
  return value === undefined ? undefined : Number(value);
}

function gpuQuantity(count: number | undefined): Quantities | undefined {
  return count === undefined ? undefined : { [gpu]: `${count}` };
}
