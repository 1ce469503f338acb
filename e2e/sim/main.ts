/**
 * `make sim`: SEEDS seeds from FIRST_SEED on. Ends with 1 where a rule was violated, or where the table of faults has a hole.
 * One seed alone is told in full, which is how a failure is replayed.
 */
import { add, below, cells, table, type Counts } from './faults/coverage.ts';
import { runSeeds } from './pool.ts';
import { simulate, type Outcome } from './simulation.ts';

const DEFAULT_SEEDS = 10_000;
const DEFAULT_FAILURES = 5;

const count = number('SEEDS', DEFAULT_SEEDS);
const first = number('FIRST_SEED', 0);
const mostFailures = number('MOST_FAILURES', DEFAULT_FAILURES);

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
  const counts: Counts = {};
  const failures: Outcome[] = [];
  let [seeds, steps, faults] = [0, 0, 0];
  const started = performance.now();
  await runSeeds({
    first,
    count,
    enough: () => failures.length >= mostFailures,
    done: (outcome) => {
      seeds += 1;
      steps += outcome.steps;
      faults += outcome.faults;
      add(counts, outcome.counts);
      if (outcome.violation !== undefined) failures.push(report(outcome));
    },
  });
  const seconds = (performance.now() - started) / 1000;
  process.stdout.write(`${table(counts)}\n`);
  process.stdout.write(`${seeds} seeds, ${steps} steps, ${faults} faults in ${seconds.toFixed(0)} s: ${(seeds / seconds).toFixed(1)} seeds/s; ${failures.length} failed.\n`);
  if (failures.length > 0 || hasHoles(counts)) process.exitCode = 1;
}

function report(outcome: Outcome): Outcome {
  const { seed, violation, trace } = outcome;
  process.stdout.write(`Seed ${seed} violated "${violation?.rule ?? ''}": ${violation?.what ?? ''}\n${trace.slice(-25).map((line) => `    ${line}`).join('\n')}\n`);
  process.stdout.write(`Replay it: make sim SEEDS=1 FIRST_SEED=${seed}\n`);
  return outcome;
}

/** Few seeds cannot reach every cell; from 500 on none may be empty. */
function hasHoles(counts: Counts): boolean {
  const least = count >= DEFAULT_SEEDS ? 50 : count >= 500 ? 1 : 0;
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
