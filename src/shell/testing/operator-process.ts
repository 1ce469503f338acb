/** The operator as its own process, the way it runs in a pod: its flags, its environment, its signals. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';

const main = fileURLToPath(new URL('../../main.ts', import.meta.url));
const readyWithinMs = 30_000;

export class OperatorProcess {
  readonly #process: ChildProcess;
  readonly url: string;
  #output = '';

  private constructor(process: ChildProcess, url: string) {
    this.#process = process;
    this.url = url;
    for (const stream of [process.stdout, process.stderr]) stream?.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
  }

  static async start(kubeconfig: string, flags: readonly string[] = ['--no-leader-election']): Promise<OperatorProcess> {
    const port = await freePort();
    const env = { ...process.env, KUBECONFIG: kubeconfig, METRICS_PORT: `${port}`, POD_NAMESPACE: 'stun-operator', POD_NAME: `operator-${port}` };
    const operator = new OperatorProcess(spawn(process.execPath, [main, ...flags], { env }), `http://127.0.0.1:${port}`);
    await operator.#untilReady();
    return operator;
  }

  get(path: string): Promise<string> {
    return fetch(`${this.url}${path}`).then((response) => response.text());
  }

  /** Asks it to end, as the kubelet does, and tells how it ended. */
  async stop(): Promise<{ readonly code: number | null; readonly output: string }> {
    const { exitCode } = this.#process;
    if (exitCode === null) {
      this.#process.kill('SIGTERM');
      await once(this.#process, 'exit');
    }
    return { code: this.#process.exitCode, output: this.#output };
  }

  /** As a lost node takes it: no time to say goodbye. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await once(this.#process, 'exit');
  }

  async #untilReady(): Promise<void> {
    await vi.waitFor(
      async () => {
        if (this.#process.exitCode !== null) return;
        const response = await fetch(`${this.url}/readyz`);
        if (!response.ok) throw new Error(`The operator is not ready: ${await response.text()} ${this.#output}`);
      },
      { timeout: readyWithinMs, interval: 50 },
    );
    if (this.#process.exitCode !== null) throw new Error(`The operator ended with ${this.#process.exitCode}: ${this.#output}`);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
