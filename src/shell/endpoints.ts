/**
 * The Services of a canary and of the service beside it, asked for only while a gate asks them: that is seldom, and a watch would see
 * every Service of the cluster.
 */
import type { PruneJob } from '../api/v1alpha1/prunejob.ts';
import type { Endpoints } from '../prunejob/observed.ts';
import { endpointUrl, type NetworkService } from '../prunejob/serving/endpoint-url.ts';
import type { Client } from '../runtime/types.ts';
import { networkServiceType } from './resources.ts';
import type { ServicesOptions } from './services.ts';

export interface EndpointsOptions extends Pick<ServicesOptions, 'kindOf'> {
  readonly client: Pick<Client, 'get'>;
}

/** Undefined while they are not asked, or not all there. */
export async function endpointsOf({ client, kindOf }: EndpointsOptions, pruneJob: PruneJob): Promise<Endpoints | undefined> {
  const ref = pruneJob.spec.serving?.ref;
  const names = ref === undefined || !isAsking(pruneJob) ? undefined : kindOf(ref)?.adapter.networkServices?.(ref.name);
  if (names === undefined) return undefined;
  const at = async (name: string): Promise<string | undefined> => {
    const service = await client.get<NetworkService>({ type: networkServiceType, name, namespace: pruneJob.metadata.namespace });
    return service === undefined ? undefined : endpointUrl(service);
  };
  const [serving, canary] = await Promise.all([at(names.serving), at(names.canary)]);
  return serving === undefined || canary === undefined ? undefined : { serving, canary };
}

/** From a canary that runs until its answers are judged, or it goes. */
function isAsking({ spec, status }: PruneJob): boolean {
  const { canaryReadyAt, evaluatedAt, rollbackStartedAt } = status?.serving?.rollout ?? {};
  if (spec.quality?.endpoint === undefined || canaryReadyAt === undefined) return false;
  return evaluatedAt === undefined && rollbackStartedAt === undefined;
}
