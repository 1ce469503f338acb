import { describe, expect, it } from 'vitest';
import { ApiError, asError, isAlreadyExists, isBadRequest, isConflict, isExpired, isInvalid, isNotFound, isTransient, retryAfterMs } from './errors.ts';

const tests = { isAlreadyExists, isBadRequest, isConflict, isExpired, isInvalid, isNotFound };

describe('what an ApiError is', () => {
  it.each([
    { code: 400, reason: 'BadRequest', is: 'isBadRequest' },
    { code: 404, reason: 'NotFound', is: 'isNotFound' },
    { code: 409, reason: 'Conflict', is: 'isConflict' },
    { code: 409, reason: 'AlreadyExists', is: 'isAlreadyExists' },
    { code: 410, reason: 'Expired', is: 'isExpired' },
    { code: 422, reason: 'Invalid', is: 'isInvalid' },
  ])('$code $reason: only $is', ({ code, reason, is }) => {
    const error = new ApiError(code, { reason, message: 'm' });
    const holding = Object.entries(tests).filter(([, test]) => test(error)).map(([name]) => name);
    expect(holding).toEqual([is]);
  });

  it('takes no other error for one', () => {
    expect(Object.values(tests).some((test) => test(Object.assign(new Error('m'), { code: 404, reason: 'Conflict' })))).toBe(false);
  });
});

describe('asError', () => {
  it.each([{ thrown: 'text' }, { thrown: undefined }, { thrown: new TypeError('text') }])('turns $thrown into an Error', ({ thrown }) => {
    expect(asError(thrown)).toBeInstanceOf(Error);
  });
});

describe('retryAfterMs', () => {
  it.each([
    { error: new ApiError(429, { reason: 'TooManyRequests', message: 'm', retryAfterMs: 3000 }), ms: 3000 },
    { error: new ApiError(500, { reason: '', message: 'm' }), ms: 0 },
    { error: new Error('m'), ms: 0 },
  ])('of $error is $ms', ({ error, ms }) => {
    expect(retryAfterMs(error)).toBe(ms);
  });
});

describe('isTransient', () => {
  it.each([
    { code: 0, transient: true },
    { code: 429, transient: true },
    { code: 500, transient: true },
    { code: 503, transient: true },
    { code: 403, transient: false },
    { code: 409, transient: false },
  ])('of $code is $transient', ({ code, transient }) => {
    expect(isTransient(new ApiError(code, { reason: '', message: 'm' }))).toBe(transient);
  });

  it('of anything else is false', () => {
    expect(isTransient(new TypeError('m'))).toBe(false);
  });
});
