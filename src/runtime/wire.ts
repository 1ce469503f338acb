/**
 * Reading what the API server sends: whole bodies, streams of JSON lines, and the Status object that explains a refusal.
 */
import type { Readable } from 'node:stream';
import { ApiError, asError } from './errors.ts';

interface Status {
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly retryAfterSeconds?: number };
}

export async function readText(response: Readable): Promise<string> {
  response.setEncoding('utf8');
  let text = '';
  try {
    for await (const chunk of response) text += String(chunk);
  } catch (thrown) {
    throw brokenOff(thrown);
  }
  return text;
}

/** Node's readline is not used: its iterator swallows the stream's errors, and a dead watch would look like a quiet one. */
export async function* jsonLines<T>(response: Readable, signal: AbortSignal): AsyncGenerator<T> {
  response.setEncoding('utf8');
  let rest = '';
  try {
    for await (const chunk of response) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      yield* lines.filter(Boolean).map((line) => JSON.parse(line) as T);
    }
  } catch (thrown) {
    if (!signal.aborted) throw thrown instanceof ApiError ? thrown : brokenOff(thrown);
  }
}

/** `status` is the body of a refusal or the object of an ERROR event; what is no Status (a proxy's page) becomes the message as it is. */
export function statusError(status: unknown, httpCode = 500, retryAfter?: string): ApiError {
  const { code = httpCode, reason = '', message, details } = asStatus(status);
  const seconds = details?.retryAfterSeconds ?? Number(retryAfter ?? Number.NaN);
  return new ApiError(code, {
    reason,
    message: message ?? `The API server answered ${code} ${reason}`,
    ...(Number.isFinite(seconds) ? { retryAfterMs: seconds * 1000 } : {}),
  });
}

function asStatus(status: unknown): Status {
  if (typeof status !== 'string') return status as Status;
  try {
    const parsed = JSON.parse(status) as (Status & { readonly kind?: unknown }) | null;
    if (parsed?.kind === 'Status') return parsed;
  } catch {
    // Not JSON: said below in the server's own words.
  }
  return status === '' ? {} : { message: status.trim().slice(0, 1024) };
}

function brokenOff(thrown: unknown): ApiError {
  return new ApiError(0, { reason: 'BrokenOff', message: `The API server's answer broke off: ${asError(thrown).message}` }, { cause: thrown });
}
