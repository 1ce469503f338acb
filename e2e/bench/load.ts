/** Creates objects at a fixed rate, whatever becomes of them: a slow contender is not waited for. And deletes them. */
import { setTimeout as delay } from 'node:timers/promises';

import type { ApiServer } from '../lib/apiserver.ts';

export interface Stream {
  readonly collection: string;
  readonly rate: number;
  readonly objects: readonly object[];
}

export async function createAtRate(server: ApiServer, { collection, rate, objects }: Stream): Promise<void> {
  const began = performance.now();
  const answers: Promise<void>[] = [];
  for (const [index, object] of objects.entries()) {
    const ahead = began + (index * 1000) / rate - performance.now();
    if (ahead > 0) await delay(ahead);
    const answer = create(server, collection, object);
    // Awaited at the end; until then nobody would have taken its rejection.
    answer.catch(() => undefined);
    answers.push(answer);
  }
  await Promise.all(answers);
}

/** Asked again for as long as the server would call a webhook that its contender does not serve yet. */
export async function createOnceServed(server: ApiServer, collection: string, object: object): Promise<void> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const { code, body } = await server.call('POST', collection, object);
    if (code === 201) return;
    if (code !== 500 || performance.now() > deadline) throw refused('POST', collection, code, body);
    await delay(20);
  }
}

export async function create(server: ApiServer, collection: string, object: object): Promise<void> {
  const { code, body } = await server.call('POST', collection, object);
  if (code !== 201) throw refused('POST', collection, code, body);
}

/** Gone at once, or accepted: finalizers are somebody's to do. */
export async function remove(server: ApiServer, path: string): Promise<void> {
  const { code, body } = await server.call('DELETE', path);
  if (code !== 200 && code !== 202) throw refused('DELETE', path, code, body);
}

function refused(method: 'DELETE' | 'POST', path: string, code: number, body: unknown): Error {
  return new Error(`The load could not be ${method === 'POST' ? 'created' : 'deleted'}: ${method} ${path} was answered with ${code}: ${JSON.stringify(body)}`);
}
