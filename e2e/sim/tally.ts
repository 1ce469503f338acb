/** Runs many seeds and adds up what they saw; where chance left a cell of the table short, more of the seeds that aim at it. */
import { add, below, cells, type Cell, type Counts } from './faults/coverage.ts';
import { runSeeds } from './pool.ts';
import type { Outcome } from './simulation.ts';

/** A cell that so many more seeds cannot fill is out of reach. */
const MOST_ROUNDS = 20;

export class Tally {
  readonly counts: Counts = {};
  failures = 0;
  seeds = 0;
  steps = 0;
  faults = 0;
  readonly #mostFailures: number;

  constructor(mostFailures: number) {
    this.#mostFailures = mostFailures;
  }

  async run(seeds: readonly number[]): Promise<void> {
    await runSeeds({ seeds, enough: () => this.failures >= this.#mostFailures, done: (outcome) => { this.#add(outcome); } });
  }

  /** With seeds from `from` on, until every cell has `least` faults. */
  async fillHoles(from: number, least: number): Promise<void> {
    const all = cells().map(({ stage, fault }): Cell => `${stage} ${fault}`);
    const beyond = Math.ceil(from / all.length);
    for (let round = beyond; round < beyond + MOST_ROUNDS && this.failures === 0; round += 1) {
      const holes = below(this.counts, least);
      await this.run(holes.map((hole) => round * all.length + all.indexOf(hole)));
    }
  }

  #add(outcome: Outcome): void {
    this.seeds += 1;
    this.steps += outcome.steps;
    this.faults += outcome.faults;
    add(this.counts, outcome.counts);
    if (outcome.violation === undefined) return;
    this.failures += 1;
    report(outcome);
  }
}

function report(outcome: Outcome): void {
  const { seed, violation, trace } = outcome;
  process.stdout.write(`Seed ${seed} violated "${violation?.rule ?? ''}": ${violation?.what ?? ''}\n${trace.slice(-25).map((line) => `    ${line}`).join('\n')}\n`);
  process.stdout.write(`Replay it: make sim SEEDS=1 FIRST_SEED=${seed}\n`);
}
