import { describe, expect, it } from 'vitest';

import type { Action } from '../prunejob/decision.ts';
import { ApiError } from '../runtime/errors.ts';
import { withLastTry } from './last-try.ts';
import { pruneJob } from './testing/samples.ts';

const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'ml', name: 'chat' };
const busy = new ApiError(503, { reason: 'ServiceUnavailable', message: 'busy' });
const forbidden = new ApiError(403, { reason: 'Forbidden', message: 'forbidden' });

describe('withLastTry', () => {
  it.each([
    { what: 'a best effort that comes through', bestEffort: true, errors: [busy, busy], pauses: [500, 1000], fails: false },
    { what: 'a best effort in lasting trouble', bestEffort: true, errors: [busy, busy, busy, busy, busy], pauses: [500, 1000, 2000, 4000], fails: true },
    { what: 'a best effort that is refused', bestEffort: true, errors: [forbidden], pauses: [], fails: true },
    { what: 'what is tried again anyway', bestEffort: false, errors: [busy], pauses: [], fails: true },
  ])('$what: $pauses', async ({ bestEffort, errors, pauses, fails }) => {
    const left = [...errors];
    const waited: number[] = [];
    const clock = { now: () => new Date(), elapsedMs: () => 0, after: (ms: number, run: () => void) => { waited.push(ms); run(); return () => undefined; } };
    const action: Action = { kind: 'ReleaseService', ref, ...(bestEffort ? { bestEffort } : {}) };
    const done = withLastTry(() => { const error = left.shift(); return error === undefined ? Promise.resolve(undefined) : Promise.reject(error); }, clock)(action, pruneJob('mixtral'));
    if (fails) await expect(done).rejects.toBe(errors.at(-1));
    else await expect(done).resolves.toBeUndefined();
    expect(waited).toEqual(pauses);
  });
});
