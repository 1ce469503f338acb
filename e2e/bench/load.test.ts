import { expect, it } from 'vitest';
import type { ApiServer } from '../lib/apiserver.ts';
import { remove } from './load.ts';

const answering = (code: number) => ({ call: () => Promise.resolve({ code, body: {} }) }) as unknown as ApiServer;

it.each([200, 202])('takes %d for a deletion', async (code) => {
  await expect(remove(answering(code), '/jobs/a')).resolves.toBeUndefined();
});

it.each([403, 404, 429])('fails where a deletion is answered with %d', async (code) => {
  await expect(remove(answering(code), '/jobs/a')).rejects.toThrow(`The load could not be deleted: DELETE /jobs/a was answered with ${code}`);
});
