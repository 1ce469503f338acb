/**
 * Writes to a service. It is read first, and whatever is written to it between that and our own write refuses ours: of a leader that
 * was paused in between, what it had decided may be long overtaken.
 */
import type { PruneJob } from '../api/v1alpha1/prunejob.ts';
import { compact } from '../prunejob/compact.ts';
import type { Action } from '../prunejob/decision.ts';
import { isConflict } from '../runtime/errors.ts';
import type { Client } from '../runtime/types.ts';
import { expectCurrent } from './expect-current.ts';
import { expectTurn } from './expect-turn.ts';
import { release } from './release.ts';
import { serviceRef } from './resources.ts';

type ActionOf<K extends Action['kind']> = Extract<Action, { readonly kind: K }>;

/** Its own controller writes the service's status at any time. */
const attempts = 5;

export async function applyService(client: Client, action: ActionOf<'ApplyService'>, pruneJob: PruneJob): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await applyOnce(client, action, pruneJob);
      return;
    } catch (error) {
      if (!isConflict(error) || attempt === attempts) throw error;
    }
  }
}

/** Server-side apply would create a stump of a service that is gone, which holds only our fields. */
async function applyOnce(client: Client, { ref, object, ifVersion }: ActionOf<'ApplyService'>, pruneJob: PruneJob): Promise<void> {
  const target = serviceRef(ref);
  const { uid, resourceVersion } = (await client.get(target))?.metadata ?? {};
  const what = `${ref.kind} ${ref.namespace}/${ref.name}`;
  if (uid === undefined) throw new Error(`${what} is gone; create it again for the hand-over to go on.`);
  if ((ifVersion ?? resourceVersion) !== resourceVersion) throw new Error(`${what} has changed, which its watch has not told of yet; this is tried again by itself.`);
  await expectCurrent(client, pruneJob);
  await expectTurn(client, pruneJob);
  await client.apply(target.type, { ...object, metadata: compact({ ...object.metadata, uid, resourceVersion }) });
}

export async function releaseService(client: Client, { ref }: ActionOf<'ReleaseService'>, pruneJob: PruneJob): Promise<void> {
  await release(client, serviceRef(ref), () => expectCurrent(client, pruneJob));
}
