/** One leader: nobody takes the lease from a holder that renewed it in time, and nobody writes who knows that another leads. */
import type { KubeObject } from '../../../src/runtime/types.ts';
import type { Rule } from './invariant.ts';

interface Lease extends KubeObject {
  readonly spec?: { readonly holderIdentity?: string; readonly leaseDurationSeconds?: number };
}

const leaseType = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases', kind: 'Lease', namespaced: true };
/** The lease is how one becomes leader; an event only tells people something. */
const free: readonly string[] = ['leases', 'events'];

export const leadership: Rule = (context) => {
  let renewedAt = 0;
  return {
    committed: ({ type, before, after }) => {
      if (type.plural !== leaseType.plural) return;
      const [old, now] = [holder(before), holder(after)];
      const ms = context.scheduler.elapsedMs - renewedAt;
      if (old !== '' && now !== old && now !== '' && ms < 15_000) context.violated('one leader', `${now} took the lease from ${old}, which had renewed it ${ms} ms before.`);
      renewedAt = context.scheduler.elapsedMs;
    },
    sent: ({ isWrite, type, process, verb, key }) => {
      if (!isWrite || free.includes(type.plural)) return;
      const leader = holder((context.server.list(leaseType) as readonly Lease[])[0]);
      if (leader !== process) context.violated('only the leader writes', `${process} sent ${verb} ${type.kind} ${key} while ${leader === '' ? 'nobody' : leader} held the lease.`);
    },
  };
};

function holder(lease: KubeObject | undefined): string {
  return (lease as Lease | undefined)?.spec?.holderIdentity ?? '';
}
