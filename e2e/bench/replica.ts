/** One running process of a contender. */
import { join } from 'node:path';

import { freePorts, hasEnded, lastWords, startProgram, stopAll, type Daemon } from '../lib/daemon.ts';
import type { Contender } from './contenders/contender.ts';
import type { ControlPlane } from './control-plane.ts';
import { usageOf, type Usage } from './usage.ts';

export class Replica {
  readonly #daemon: Daemon;

  private constructor(daemon: Daemon) {
    this.#daemon = daemon;
  }

  /** Undefined for the ceiling, of which nothing runs. The index makes a second one beside the first. */
  static async start({ name, program }: Contender, { server, contenderKubeconfig }: ControlPlane, index = 0): Promise<Replica | undefined> {
    if (program === undefined) return undefined;
    const [a = 0, b = 0, c = 0] = await freePorts(3);
    const started = await program({ kubeconfig: contenderKubeconfig, folder: join(server.folder, `${name}-${index}`), ports: [a, b, c] });
    return new Replica(await startProgram(server.folder, `${name}-${index}-${a}`, started));
  }

  /** Undefined once it has ended. */
  async usage(): Promise<Usage | undefined> {
    return hasEnded(this.#daemon) ? undefined : usageOf(this.#daemon.process.pid ?? 0);
  }

  lastWords(): Promise<string> {
    return lastWords(this.#daemon);
  }

  /** Asks it to end, as the kubelet does. */
  async stop(): Promise<void> {
    await stopAll([this.#daemon]);
  }

  /** As a lost node takes it: no time to give anything back. */
  async kill(): Promise<void> {
    this.#daemon.process.kill('SIGKILL');
    await this.#daemon.exited;
  }
}
