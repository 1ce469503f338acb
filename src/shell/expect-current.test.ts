import { describe, expect, it } from 'vitest';

import { expectCurrent } from './expect-current.ts';
import { pruneJobType } from './resources.ts';
import { FakeClient } from './testing/fake-client.ts';
import { pruneJob } from './testing/samples.ts';

describe('expectCurrent', () => {
  it.each([
    { what: 'the version that was read', live: { resourceVersion: '7' }, current: true },
    { what: 'a later version', live: { resourceVersion: '8' }, current: false },
    { what: 'another PruneJob of its name', live: { uid: 'another' }, current: false },
    { what: 'none', live: undefined, current: false },
  ])('$what: $current', async ({ live, current }) => {
    const client = new FakeClient();
    if (live !== undefined) client.put(pruneJobType, pruneJob('mixtral', { metadata: live }));
    const asked = expectCurrent(client, pruneJob('mixtral'));
    if (current) await expect(asked).resolves.toBeUndefined();
    else await expect(asked).rejects.toThrow('PruneJob ml/mixtral has changed, which its watch has not told of yet');
  });
});
