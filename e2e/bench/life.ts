/**
 * `make bench-operator-life`: thousands of PruneJobs, made and deleted again, through one process of the operator.
 *
 * A leak of a few kilobytes a PruneJob is an operator that is killed for memory after some months; here it is a slope.
 */
import { stunOperator } from './contenders/stun-operator.ts';
import type { ControlPlane } from './control-plane.ts';
import { create, remove } from './load.ts';
import { onControlPlane, warmReplica } from './measurement.ts';
import { count } from './options.ts';
import type { Replica } from './replica.ts';
import type { Point } from './statistics.ts';
import { growth, markdown } from './tables.ts';
import type { Watcher } from './watcher.ts';

const jobs = count(process.env, 'JOBS', 2000);
/** PruneJobs that are there at a time, finished ones included. */
const live = 100;
const batchSeconds = 120;

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const samples = await onControlPlane(stunOperator, async (turn) => {
  const replica = await warmReplica(turn);
  if (replica === undefined) throw new Error('The operator did not start.');
  return liveLong(turn.plane, turn.watcher, replica).finally(() => replica.stop());
});
print(samples);

/** One batch after the other: made, finished, deleted; what is deleted goes while the next one runs. */
async function liveLong(plane: ControlPlane, watcher: Watcher, replica: Replica): Promise<Point[]> {
  const points: Point[] = [];
  for (let done = 0; done < jobs; done += live) {
    const names = Array.from({ length: Math.min(live, jobs - done) }, (_, index) => `life-${done + index}`);
    await Promise.all(names.map((name) => create(plane.server, stunOperator.collection, stunOperator.object(name))));
    if (!(await watcher.until(names, 'terminal', batchSeconds))) throw new Error(`Not all of ${names[0] ?? ''} and the ${live - 1} after it ended within ${batchSeconds} s.`);
    await Promise.all(names.map((name) => remove(plane.server, `${stunOperator.collection}/${name}`)));
    const usage = await replica.usage();
    if (usage === undefined) throw new Error(await replica.lastWords());
    points.push({ x: done + names.length, y: usage.residentMB });
    process.stderr.write(`${done + names.length} PruneJobs: ${points.at(-1)?.y.toFixed(1) ?? ''} MB\n`);
  }
  return points;
}

function print(points: readonly Point[]): void {
  console.log(markdown(['PruneJobs', 'RSS'], points.map(({ x, y }) => [`${x}`, `${y.toFixed(1)} MB`])));
  console.log(`\n${growth(points)}`);
}
