/**
 * A TCP proxy on loopback that can cut every connection, or let them hang: how a network between operator and API server fails.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface CuttingProxy extends AsyncDisposable {
  readonly port: number;
  /** Resets what is connected; new connections pass. */
  cut(): void;
  /** Refuses new connections as well, until opened again. */
  close(): void;
  open(): void;
}

export async function startCuttingProxy(targetPort: number): Promise<CuttingProxy> {
  const sockets = new Set<Socket>();
  let closed = false;
  const server = createServer((near) => {
    if (closed) {
      near.resetAndDestroy();
      return;
    }
    const far = connect(targetPort, '127.0.0.1');
    for (const [from, to] of [[near, far], [far, near]] as const) {
      sockets.add(from);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => { sockets.delete(from); to.destroy(); });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = (): void => { for (const socket of sockets) socket.resetAndDestroy(); };
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    close: () => { closed = true; cut(); },
    open: () => { closed = false; },
    [Symbol.asyncDispose]: async () => {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
