/**
 * Between one process and the API server: every request takes its time both ways, and any of them may be lost.
 *
 * The faults decide a request's fate when it is sent. A request of a process that stands still may lie in its socket until it goes on:
 * that is the write of a leader that was, landing when another leads.
 */
import type { Scheduler } from '../clock/scheduler.ts';
import { ApiError, asError } from '../../../src/runtime/errors.ts';
import type { ObjectRef, ResourceType } from '../../../src/runtime/types.ts';
import type { Random } from '../random.ts';
import type { Life } from './life.ts';

export interface Request {
  readonly verb: 'get' | 'list' | 'watch' | 'create' | 'apply' | 'applyStatus' | 'jsonPatch' | 'delete';
  readonly type: ResourceType;
  readonly key: string;
  readonly process: string;
  /** What an object that is created says of whom it is for. */
  readonly about?: string;
  readonly isWrite: boolean;
}

/** `Refused` is an answer of the server without any effect; `LostAnswer` has its effect. */
export type Fate =
  | { readonly kind: 'Delivered' | 'LostRequest' | 'LostAnswer' | 'CrashBefore' | 'CrashAfter' }
  | { readonly kind: 'Refused'; readonly error: ApiError };

export interface NetworkOptions {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly life: Life;
  readonly timeoutMs: number;
  readonly fateOf: (request: Request) => Fate;
  readonly crash: () => void;
  /** Told when the request reaches the server. */
  readonly arrived: (request: Request) => void;
  readonly answered: (request: Request, error: ApiError | undefined) => void;
}

interface Reply<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

export class Network {
  readonly #options: NetworkOptions;

  constructor(options: NetworkOptions) {
    this.#options = options;
  }

  send<T>(request: Request, answer: () => T): Promise<T> {
    const fate = this.#options.fateOf(request);
    return new Promise<T>((resolve, reject) => {
      this.#options.scheduler.wakeAfter(this.#delayMs(), () => { this.#arrive(request, fate, answer, { resolve, reject }); });
    });
  }

  #arrive<T>(request: Request, fate: Fate, answer: () => T, reply: Reply<T>): void {
    const { life, random, scheduler, crash } = this.#options;
    // A standing process sends nothing more; what it had sent already arrives.
    if (life.paused && random.chance(0.5)) {
      life.deliver(() => { scheduler.wakeAfter(1, () => { this.#arrive(request, fate, answer, reply); }); });
      return;
    }
    if (fate.kind === 'CrashBefore') crash();
    else if (fate.kind === 'Refused') this.#reject(request, fate.error, reply);
    else if (fate.kind === 'LostRequest') this.#loseAnswer(request, reply);
    else if (!life.gone || random.chance(0.5)) this.#serve(request, fate, answer, reply);
  }

  #serve<T>(request: Request, fate: Fate, answer: () => T, reply: Reply<T>): void {
    this.#options.arrived(request);
    const outcome = attempt(answer);
    if (fate.kind === 'CrashAfter') this.#options.crash();
    else if (fate.kind === 'LostAnswer') this.#loseAnswer(request, reply);
    else if ('error' in outcome) this.#reject(request, outcome.error, reply);
    else this.#answer(request, undefined, () => { reply.resolve(outcome.value); });
  }

  #reject<T>(request: Request, error: Error, reply: Reply<T>): void {
    this.#answer(request, error, () => { reply.reject(error); });
  }

  #answer(request: Request, error: Error | undefined, tell: () => void): void {
    const { scheduler, life, answered } = this.#options;
    scheduler.wakeAfter(this.#delayMs(), () => {
      life.deliver(() => {
        answered(request, error instanceof ApiError ? error : undefined);
        tell();
      });
    });
  }

  /** Mostly the connection is reset soon; sometimes nothing comes until the client's own limit. */
  #loseAnswer<T>({ verb, type }: Request, reply: Reply<T>): void {
    const { scheduler, life, random, timeoutMs } = this.#options;
    const error = new ApiError(0, { reason: 'NoAnswer', message: `The API server did not answer ${verb} ${type.plural}.` });
    const ms = random.chance(0.7) ? random.between(5, 500) : timeoutMs;
    scheduler.wakeAfter(ms, () => { life.deliver(() => { reply.reject(error); }); });
  }

  #delayMs(): number {
    const { random } = this.#options;
    return random.chance(0.02) ? random.between(200, 2000) : random.between(1, 30);
  }
}

function attempt<T>(answer: () => T): { readonly value: T } | { readonly error: Error } {
  try {
    return { value: answer() };
  } catch (thrown) {
    return { error: asError(thrown) };
  }
}

export function keyOfRef({ namespace, name }: Pick<ObjectRef, 'namespace' | 'name'>): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}
