/**
 * The errors the runtime tells apart: what the API server said, and what must not be retried.
 */

interface ApiErrorDetails {
  readonly reason: string;
  readonly message: string;
  readonly retryAfterMs?: number;
}

/** An answer of the API server other than 2xx, or none at all (`code` 0: connection refused, reset, timed out). */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: number;
  readonly reason: string;
  readonly retryAfterMs: number | undefined;

  constructor(code: number, details: ApiErrorDetails, options?: ErrorOptions) {
    super(details.message, options);
    this.code = code;
    this.reason = details.reason;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** Retrying cannot help: the controller counts it, logs it and waits for the object to change. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError';
}

const hasCode = (code: number) => (error: unknown): boolean => error instanceof ApiError && error.code === code;
const hasReason = (reason: string) => (error: unknown): boolean => error instanceof ApiError && error.reason === reason;

export const isNotFound = hasCode(404);
export const isForbidden = hasCode(403);
/** The trap: AlreadyExists is a 409 too, so the reason decides. */
export const isConflict = hasReason('Conflict');
export const isAlreadyExists = hasReason('AlreadyExists');
/** The server refused the content (422), which is also how a failed JSON-patch `test` is answered. */
export const isInvalid = hasCode(422);
/** The content is not well-formed (400): a field of the wrong type, or an unknown one where those are refused. */
export const isBadRequest = hasCode(400);
/** The resource version or the continue token is too old: list again. */
export const isExpired = hasCode(410);

/** The same request may succeed later: no answer, overload, a server in trouble. */
export function isTransient(error: unknown): boolean {
  return error instanceof ApiError && (error.code === 0 || error.code === 429 || error.code >= 500);
}

/** How long the server asked to be left alone (Retry-After, of 429 and 503 above all); 0 where it did not. */
export function retryAfterMs(error: unknown): number {
  return error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
}

export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
