/** A finished run whose child Job has expired: nobody takes it for one that has yet to begin. */
import { expect } from 'vitest';

import { labels } from '../../../src/api/names.ts';
import { list } from '../../lib/kubectl.ts';
import { replaceLeader } from '../../lib/operator.ts';
import { patience } from '../../lib/patience.ts';
import { isTrue, read } from '../../lib/prunejob.ts';
import * as s3 from '../../lib/s3.ts';
import { waitFor } from '../../lib/wait.ts';
import { pruneJob, pruneJobFile } from '../lib/manifests.ts';
import { namespace, output } from '../lib/place.ts';
import type { Platform } from '../lib/platform.ts';
import type { Row } from '../lib/row.ts';

const overlay = { serving: undefined, ttlSecondsAfterFinished: 1 };

export const finished: Row = {
  title: 'shows a finished run Healthy when its Job has expired and another operator took over, until its file goes',
  async play({ platform, history }) {
    await platform.commit({ ...platform.layout, [pruneJobFile('first')]: await pruneJob('first', overlay) });
    await platform.deliver();
    await platform.settles('prunejobs', 'Healthy');
    await waitFor('the Job of first to expire', patience, async () => (await list('jobs', namespace, `${labels.pruneJob}=first`)).length === 0);
    await replaceLeader();
    // By the time that the new operator has finished this one, it has looked at all there is.
    await platform.commit({ [pruneJobFile('second')]: await pruneJob('second', overlay) });
    await platform.settles('prunejobs', 'Healthy');
    expect(isTrue(await read('second', namespace), 'Complete')).toBe(true);
    expect(isTrue(await read('first', namespace), 'Complete')).toBe(true);
    expect(history.created('jobs', 'first-')).toHaveLength(1);
    await goesWithItsFile(platform);
  },
};

/** The last one, too; what it published stays. */
async function goesWithItsFile(platform: Platform): Promise<void> {
  await platform.commit({ [pruneJobFile('first')]: undefined, [pruneJobFile('second')]: undefined });
  await platform.settles('prunejobs', 'Healthy');
  await waitFor('both PruneJobs to be pruned', patience, async () => {
    const names = (await list('prunejobs', namespace)).map(({ metadata }) => metadata.name);
    return !names.includes('first') && !names.includes('second');
  });
  expect((await s3.list(output)).filter(({ key }) => key.endsWith('stun-manifest.json'))).toHaveLength(1);
}
