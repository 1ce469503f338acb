/** What must hold of one decision about anything that an API server may hold, whether or not a life could lead there. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { isAwaitingGit } from '../handover/awaiting-git.ts';
import { decide } from '../decide.ts';
import type { Action, Decision } from '../decision.ts';
import { isTrue } from '../kube.ts';
import { observations } from '../testing/arbitrary.ts';
import { denseFields, now } from '../testing/builders.ts';
import { afterPauses } from '../testing/lives.ts';
import { World } from '../testing/world.ts';

const name = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
/** The CRD's bounds of a condition; one that is out of them loses the whole status. */
const reason = /^[A-Za-z][A-Za-z0-9]*$/;

const written = (before: Observed, decision: Decision) => (decision.status.conditions ?? []).filter((condition) => !(before.pruneJob.status?.conditions ?? []).includes(condition));
type Observed = Parameters<typeof decide>[0];

function creates({ actions }: Decision): Extract<Action, { kind: 'CreateJob' }>[] {
  return actions.filter((action) => action.kind === 'CreateJob');
}

/** The same cases every time; another number finds others. */
const seed = 1;

describe('about any observation', { timeout: 600_000 }, () => {
  it('there is a decision, and the API takes what it writes', () => {
    fc.assert(fc.property(observations, (observed) => {
      const decision = decide(observed, now);
      for (const condition of written(observed, decision)) {
        expect(condition.reason).toMatch(reason);
        expect(condition.message.length).toBeLessThanOrEqual(4096);
        expect(Object.keys(condition).sort()).toEqual(['lastTransitionTime', 'message', 'observedGeneration', 'reason', 'status', 'type']);
      }
      expect(decision.requeueAfterMs ?? 0).toSatisfy((wait: number) => Number.isFinite(wait) && wait >= 0);
      for (const { manifest } of creates(decision)) expect(manifest.metadata.name).toMatch(name);
    }), { numRuns: 2000, seed });
  });

  it('no Job is started beside one that may still write', () => {
    fc.assert(fc.property(observations, (observed) => {
      const unfinished = observed.childJobs.filter(({ job: { status } }) => !isTrue(status?.conditions, 'Complete') && !isTrue(status?.conditions, 'Failed'));
      if (unfinished.length > 0) expect(creates(decide(observed, now))).toEqual([]);
      expect(creates(decide(observed, now)).length).toBeLessThanOrEqual(1);
    }), { numRuns: 2000, seed });
  });

  it('what is over starts nothing and touches no service', () => {
    fc.assert(fc.property(observations, (observed) => {
      const { conditions } = observed.pruneJob.status ?? {};
      if (!isTrue(conditions, 'Complete') && !isTrue(conditions, 'Failed')) return;
      const decision = decide(observed, now);
      expect(decision.actions.filter(({ kind }) => !['RemoveFinalizer', 'UpdateJob', 'DeleteClaim'].includes(kind))).toEqual([]);
      const stays = ({ type }: { readonly type: string }): boolean => !isAwaitingGit(observed.pruneJob) || !['Served', 'RolledBack'].includes(type);
      expect(decision.status.conditions?.filter(stays)).toEqual(conditions?.filter(stays));
    }), { numRuns: 2000, seed });
  });

  it('with mode Emit the service is never written to', () => {
    fc.assert(fc.property(observations, (observed) => {
      const { startedAt, rollbackStartedAt } = observed.pruneJob.status?.serving?.rollout ?? {};
      // A rollout that has begun is one of mode Apply, and the mode never changes.
      if (observed.pruneJob.spec.serving?.mode !== 'Emit' || startedAt !== undefined || rollbackStartedAt !== undefined) return;
      expect(decide(observed, now).actions.filter(({ kind }) => kind === 'ApplyService' || kind === 'ReleaseService')).toEqual([]);
    }), { numRuns: 2000, seed });
  });

  it('a suspended run starts no pruning', () => {
    fc.assert(fc.property(observations, (observed) => {
      if (observed.pruneJob.spec.suspend !== true) return;
      expect(creates(decide(observed, now)).filter(({ manifest }) => manifest.metadata.name.includes('-prune-'))).toEqual([]);
    }), { numRuns: 2000, seed });
  });

  it('another PruneJob\'s run is neither joined nor cleaned away', () => {
    fc.assert(fc.property(observations, (observed) => {
      if (observed.sameRun === undefined) return;
      expect(creates(decide(observed, now)).filter(({ manifest }) => !/-(inspect|evaluate)-/.test(manifest.metadata.name))).toEqual([]);
    }), { numRuns: 2000, seed });
  });

  it('fewer GPUs are asked for only with a model that was published', () => {
    fc.assert(fc.property(observations, (observed) => {
      const { conditions, serving } = observed.pruneJob.status ?? {};
      for (const action of decide(observed, now).actions) {
        if (action.kind !== 'ApplyService' || isTrue(conditions, 'Published') || serving?.rollout?.rollbackStartedAt !== undefined) continue;
        expect(JSON.stringify(action.object)).toContain(`"nvidia.com/gpu":"${denseFields.gpuLimit ?? 0}"`);
      }
    }), { numRuns: 2000, seed });
  });

  it('doing what is decided, again and again, comes to rest', () => {
    fc.assert(fc.property(observations, (observed) => {
      const world = new World(observed);
      expect(afterPauses(world, [0, 20, 20])).toMatchObject({ actions: [], events: [] });
    }), { numRuns: 500, seed });
  });
});
