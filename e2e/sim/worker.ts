/** A thread that simulates one seed after the other, as they are handed to it. */
import { parentPort } from 'node:worker_threads';
import { simulate } from './simulation.ts';

const port = parentPort;
if (port === null) throw new Error('worker.ts is a thread of main.ts; start main.ts.');

port.on('message', (seed: number) => {
  void simulate(seed).then(
    (outcome) => { port.postMessage(outcome.violation === undefined ? { ...outcome, trace: [] } : outcome); },
    // A bug of the simulation itself: the thread ends, and with it the run.
    (thrown: unknown) => { throw new Error(`Seed ${seed} broke the simulation.`, { cause: thrown }); },
  );
});
