/**
 * Follows etcd, beneath the API server: what was written there can be missed neither while the API server is down, nor by
 * an object that lived too short a time to be listed.
 */
import { setTimeout as pause } from 'node:timers/promises';

const endpoint = 'http://127.0.0.1:2379/v3/watch';
const reconnectMs = 100;

export interface EtcdEvent {
  readonly key: string;
  readonly what: 'Created' | 'Updated' | 'Deleted';
  readonly value: Buffer;
}

export interface EtcdWatchOptions {
  readonly signal: AbortSignal;
  /** From here on nothing is missed. */
  readonly onStart: () => void;
  readonly onEvent: (event: EtcdEvent) => void;
}

interface RawEvent {
  readonly type?: 'DELETE';
  readonly kv: { readonly key: string; readonly mod_revision: string; readonly version?: string; readonly value?: string };
}

interface Message {
  readonly result?: {
    readonly header: { readonly revision: string };
    readonly created?: boolean;
    readonly canceled?: boolean;
    readonly cancel_reason?: string;
    readonly events?: readonly RawEvent[];
  };
}

/** Ends by the signal alone: an etcd that goes away is followed again from the revision behind the last one seen. */
export async function watchEtcd({ signal, onStart, onEvent }: EtcdWatchOptions): Promise<void> {
  let next = 0n;
  const take = ({ result }: Message): void => {
    // A watch that begins "now" must be followed by one that begins there, not by another "now".
    if (result?.created === true && next === 0n) next = BigInt(result.header.revision) + 1n;
    if (result?.created === true) onStart();
    for (const event of result?.events ?? []) {
      next = BigInt(event.kv.mod_revision) + 1n;
      onEvent(decode(event));
    }
  };
  while (!signal.aborted) {
    await follow(next, signal, take).catch((error: unknown) => {
      if (error instanceof LostHistoryError) throw error;
    });
    await pause(reconnectMs);
  }
}

class LostHistoryError extends Error {
  override readonly name = 'LostHistoryError';
}

async function follow(from: bigint, signal: AbortSignal, take: (message: Message) => void): Promise<void> {
  const range = { key: base64('/registry/'), range_end: base64('/registry0') };
  const body = JSON.stringify({ create_request: from === 0n ? range : { ...range, start_revision: `${from}` } });
  const response = await fetch(endpoint, { method: 'POST', body, signal });
  for await (const line of lines(response)) {
    const message = JSON.parse(line) as Message;
    if (message.result?.canceled === true) throw new LostHistoryError(`etcd ended the watch from revision ${from}: ${message.result.cancel_reason ?? 'no reason given'}. What was written since cannot be told.`);
    take(message);
  }
}

/** Whole ones only: the last may be cut short with its connection. */
async function* lines(response: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of response.body ?? []) {
    const found = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n');
    rest = found.pop() ?? '';
    yield* found;
  }
}

/** `version` counts the writes since the key was last absent, so a key that is deleted and made again is Created twice. */
function decode({ type, kv }: RawEvent): EtcdEvent {
  const what = type === 'DELETE' ? 'Deleted' : kv.version === '1' ? 'Created' : 'Updated';
  return { key: Buffer.from(kv.key, 'base64').toString(), what, value: Buffer.from(kv.value ?? '', 'base64') };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
