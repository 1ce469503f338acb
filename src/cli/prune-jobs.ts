/** PruneJobs of the cluster, and which one was meant. */
import { group, kind, plural, version } from '../api/names.ts';
import type { PruneJob } from '../api/v1alpha1/prunejob.ts';
import { ApiError } from '../runtime/errors.ts';
import { listAll } from '../runtime/pager.ts';
import type { ObjectRef, ResourceType } from '../runtime/types.ts';
import type { Cluster } from './cluster.ts';
import { Failed } from './command.ts';
import { near } from './near.ts';

export const pruneJobType: ResourceType = { group, version, plural, kind, namespaced: true };

export function refTo({ namespace }: Cluster, name: string): ObjectRef {
  return { type: pruneJobType, namespace, name };
}

export async function readPruneJob(cluster: Cluster, name: string): Promise<PruneJob> {
  const found = await cluster.client.get<PruneJob>(refTo(cluster, name));
  if (found === undefined) throw new Failed(missing(cluster, name, await namesIn(cluster)));
  return found;
}

/** A cluster without the CRD fails here: a single object that is missing does not tell the one from the other. */
async function namesIn({ client, namespace }: Cluster): Promise<string[] | undefined> {
  try {
    const { items } = await listAll<PruneJob>(client, pruneJobType, { namespace });
    return items.map(({ metadata }) => metadata.name);
  } catch (error) {
    // Who may read one PruneJob by its name need not be allowed to list them.
    if (error instanceof ApiError && error.code === 403) return undefined;
    throw error;
  }
}

const listed = 5;

function missing({ namespace }: Cluster, name: string, names: readonly string[] | undefined): string {
  const said = `There is no PruneJob ${name} in namespace ${namespace}.`;
  if (names === undefined) return `${said} Write another namespace with -n.`;
  if (names.length === 0) return `${said} It has none at all; write another namespace with -n, or look for it: kubectl get prunejobs -A`;
  const meant = near(name, names);
  if (meant.length > 0) return `${said} Did you mean ${meant.join(', ')}?`;
  const more = names.length > listed ? ` and ${names.length - listed} more` : '';
  return `${said} It has ${names.slice(0, listed).join(', ')}${more}; write another namespace with -n for others.`;
}
