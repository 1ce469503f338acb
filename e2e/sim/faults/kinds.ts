/** What can go wrong: with one request, or with a whole process. */
import { ApiError } from '../../../src/runtime/errors.ts';
import type { Random } from '../random.ts';
import type { Fate, Request } from '../process/network.ts';

export const requestFaults = ['CrashBeforeWrite', 'CrashAfterWrite', 'Conflict', 'TooManyRequests', 'ServerError', 'TimeoutBefore', 'TimeoutAfter'] as const;
export const processFaults = ['StaleReads', 'ReorderedWatches', 'DuplicateEvents', 'ExpiredWatch', 'ClockJump', 'TwoLeaders'] as const;
export const faultKinds = [...requestFaults, ...processFaults] as const;

export type RequestFault = (typeof requestFaults)[number];
export type ProcessFault = (typeof processFaults)[number];
export type FaultKind = (typeof faultKinds)[number];

export function isRequestFault(kind: FaultKind): kind is RequestFault {
  return requestFaults.some((candidate) => candidate === kind);
}

/** Only a write on what somebody read before can be refused as out of date. */
const conditional: readonly Request['verb'][] = ['apply', 'applyStatus', 'jsonPatch'];

export function fits(kind: RequestFault, { verb, type, isWrite }: Request): boolean {
  if (kind === 'Conflict') return conditional.includes(verb) && type.plural !== 'leases';
  return isWrite || !kind.startsWith('Crash');
}

export function fateBy(kind: RequestFault, random: Random): Fate {
  switch (kind) {
    case 'CrashBeforeWrite':
      return { kind: 'CrashBefore' };
    case 'CrashAfterWrite':
      return { kind: 'CrashAfter' };
    case 'TimeoutBefore':
      return { kind: 'LostRequest' };
    case 'TimeoutAfter':
      return { kind: 'LostAnswer' };
    case 'Conflict':
      return { kind: 'Refused', error: new ApiError(409, { reason: 'Conflict', message: 'the object has been modified; please apply your changes to the latest version and try again' }) };
    case 'TooManyRequests':
      return { kind: 'Refused', error: new ApiError(429, { reason: 'TooManyRequests', message: 'too many requests', retryAfterMs: random.between(1, 5) * 1000 }) };
    case 'ServerError':
      return { kind: 'Refused', error: new ApiError(500, { reason: 'InternalError', message: 'etcdserver: request timed out' }) };
  }
}
