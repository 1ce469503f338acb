/** The Deployment of the operator: keeps so many processes running, whatever happens to them. */
import { OperatorProcess, type ProcessOptions } from './operator-process.ts';

export type FleetOptions = Omit<ProcessOptions, 'name' | 'ended'> & { readonly replicas: number };

export class Fleet {
  readonly #options: FleetOptions;
  readonly #processes = new Map<string, OperatorProcess>();
  #started = 0;

  constructor(options: FleetOptions) {
    this.#options = options;
    for (let replica = 0; replica < options.replicas; replica += 1) options.scheduler.wakeAfter(replica * 1500, () => { this.#start(); });
  }

  get(name: string): OperatorProcess | undefined {
    return this.#processes.get(name);
  }

  get running(): readonly OperatorProcess[] {
    return [...this.#processes.values()];
  }

  #start(): void {
    const { scheduler, random } = this.#options;
    const name = `operator-${this.#started++}`;
    const ended = (): void => {
      this.#processes.delete(name);
      scheduler.wakeAfter(random.between(200, 6000), () => { this.#start(); });
    };
    const process = new OperatorProcess({ ...this.#options, name, random: random.fork(), ended });
    this.#processes.set(name, process);
    process.start();
  }
}
