import { describe, expect, it } from 'vitest';

import type { PruneJob, RolloutStatus } from '../api/v1alpha1/prunejob.ts';
import { expectTurn } from './expect-turn.ts';
import { pruneJobType } from './resources.ts';
import { FakeClient } from './testing/fake-client.ts';
import { servedPruneJob } from './testing/samples.ts';

const at = '2026-01-01T00:00:00Z';
const begun: RolloutStatus = { strategy: 'Surge', startedAt: at };

function moving(name: string, rollout: RolloutStatus | undefined): PruneJob {
  const object = servedPruneJob(name, 'chat');
  return { ...object, metadata: { ...object.metadata, uid: name }, ...(rollout === undefined ? {} : { status: { serving: { rollout } } }) };
}

describe('expectTurn', () => {
  it.each([
    { what: 'another that began', mine: begun, theirs: begun, turn: false },
    { what: 'another that wrote', mine: begun, theirs: { ...begun, writtenAt: at }, turn: false },
    { what: 'another that has not begun', mine: begun, theirs: undefined, turn: true },
    { what: 'another, after its own first write', mine: { ...begun, writtenAt: at }, theirs: begun, turn: true },
    { what: 'another, once its canary runs', mine: { ...begun, canaryWrittenAt: at }, theirs: begun, turn: true },
    { what: 'another, on its way back', mine: { ...begun, rollbackStartedAt: at }, theirs: begun, turn: true },
  ])('beside $what: $turn', async ({ mine, theirs, turn }) => {
    const client = new FakeClient();
    const run = moving('mixtral', mine);
    for (const object of [run, moving('other', theirs)]) client.put(pruneJobType, object);
    const asked = expectTurn(client, run);
    if (turn) await expect(asked).resolves.toBeUndefined();
    else await expect(asked).rejects.toThrow('PruneJob ml/other moves the same service, which its watch has not told of yet');
  });

  it('reads nothing for a run that has not begun to move a service', async () => {
    await expectTurn({ list: () => Promise.reject(new Error('asked')) }, moving('mixtral', undefined));
  });
});
