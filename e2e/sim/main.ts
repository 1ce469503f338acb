/**
 * `make sim`: SEEDS seeds from FIRST_SEED on. Ends with 1 where a rule was violated, or where the table of faults has a hole.
 * One seed alone is told in full, which is how a failure is replayed.
 */
import { below, cells, table, type Counts } from './faults/coverage.ts';
import { simulate } from './simulation.ts';
import { Tally } from './tally.ts';

const DEFAULT_SEEDS = 10_000;
const DEFAULT_FAILURES = 5;

const count = number('SEEDS', DEFAULT_SEEDS);
const first = number('FIRST_SEED', 0);
const mostFailures = number('MOST_FAILURES', DEFAULT_FAILURES);
/** How many faults every cell of the table is to have. Few seeds cannot reach every cell. */
const least = count >= DEFAULT_SEEDS ? 50 : count >= 500 ? 1 : 0;

if (count === 1) await tell(first);
else await runAll();

async function tell(seed: number): Promise<void> {
  const outcome = await simulate(seed);
  process.stdout.write(`${outcome.trace.join('\n')}\n`);
  const end = outcome.violation === undefined ? 'came to rest' : `violated "${outcome.violation.rule}": ${outcome.violation.what}`;
  process.stdout.write(`Seed ${seed} ${end} (${outcome.steps} steps, ${outcome.faults} faults, trace ${outcome.digest}).\n`);
  if (outcome.violation !== undefined) process.exitCode = 1;
}

async function runAll(): Promise<void> {
  const started = performance.now();
  const tally = new Tally(mostFailures);
  await tally.run(Array.from({ length: count }, (_, index) => first + index));
  await tally.fillHoles(first + count, least);
  const seconds = (performance.now() - started) / 1000;
  const { counts, seeds, steps, faults, failures } = tally;
  process.stdout.write(`${table(counts)}\n`);
  process.stdout.write(`${seeds} seeds, ${steps} steps, ${faults} faults in ${seconds.toFixed(0)} s: ${(seeds / seconds).toFixed(1)} seeds/s; ${failures} failed.\n`);
  if (failures > 0 || hasHoles(counts)) process.exitCode = 1;
}

function hasHoles(counts: Counts): boolean {
  const holes = below(counts, least);
  if (holes.length > 0) process.stdout.write(`${holes.length} of ${cells().length} cells have fewer than ${least} faults: ${holes.join(', ')}. Direct scenarios there (e2e/sim/scenario.ts), or name the reason in e2e/sim/faults/coverage.ts.\n`);
  return holes.length > 0;
}

function number(name: string, otherwise: number): number {
  const value = process.env[name];
  if (value === undefined || value === '') return otherwise;
  const parsed = Number(value);
  if (Number.isInteger(parsed) && parsed >= 0) return parsed;
  throw new Error(`${name} is ${JSON.stringify(value)}, which is no number of seeds; set it to a whole number.`);
}
