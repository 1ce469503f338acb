/**
 * The watches of one process: opens them, tells them of commits as late as the lag of their kind, and does to them what faults ask for.
 */
import type { Scheduler } from '../clock/scheduler.ts';
import { ApiError } from '../../../src/runtime/errors.ts';
import { typeId } from '../../../src/runtime/keys.ts';
import type { KubeObject, ResourceType, WatchOptions } from '../../../src/runtime/types.ts';
import type { Commit, Storage } from '../api-server/storage.ts';
import type { Random } from '../random.ts';
import type { Life } from './life.ts';
import { eventOf, WatchStream } from './watch-stream.ts';

const BOOKMARK_MS = 60_000;

interface Open {
  readonly type: ResourceType;
  readonly options: WatchOptions;
  readonly stream: WatchStream;
  /** What was told last leaves the server then; nothing may overtake it. */
  lastAt: number;
}

export class Watches {
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #life: Life;
  readonly #storage: Storage;
  readonly #open = new Set<Open>();
  /** Extra lateness by kind. */
  readonly #lags = new Map<string, number>();
  readonly #outages = new Set<string>();
  #copies = 1;

  constructor(storage: Storage, { scheduler, random, life }: { readonly scheduler: Scheduler; readonly random: Random; readonly life: Life }) {
    this.#storage = storage;
    this.#scheduler = scheduler;
    this.#random = random;
    this.#life = life;
    storage.onCommit((commit) => { this.#tellAll(commit); });
  }

  open(type: ResourceType, options: WatchOptions): WatchStream {
    if (this.#outages.has(typeId(type))) throw new ApiError(503, { reason: 'ServiceUnavailable', message: 'the server is currently unable to handle the request' });
    const missed = this.#storage.since(type, Number(options.resourceVersion));
    const open = { type, options, stream: new WatchStream(), lastAt: 0 };
    this.#open.add(open);
    for (const commit of missed) this.#tell(open, commit);
    options.signal.addEventListener('abort', () => { this.#close(open); });
    this.#scheduler.after(options.timeoutSeconds * 1000, () => { this.#later(open, () => { this.#close(open); }); });
    this.#bookmark(open);
    return open.stream;
  }

  closeAll(error?: ApiError): void {
    for (const open of this.#open) this.#close(open, error);
  }

  /** Everything of the process comes that much later, each kind by an amount of its own. */
  lag(mostMs: number, durationMs: number): void {
    for (const { type } of this.#open) this.#lags.set(typeId(type), this.#random.between(Math.ceil(mostMs / 4), mostMs));
    this.#scheduler.after(durationMs, () => { this.#lags.clear(); });
  }

  /** For a while every event comes twice. */
  repeat(durationMs: number): void {
    this.#copies = 2;
    this.#scheduler.after(durationMs, () => { this.#copies = 1; });
  }

  /** One kind or two, this one if there is one, cannot be watched for a while, and what happens meanwhile is forgotten: only a list can tell. */
  lose(durationMs: number, error: ApiError, kind?: ResourceType): void {
    const kinds = [...new Set([...this.#open].map(({ type }) => typeId(type)))];
    const [first, ...rest] = kinds;
    if (first === undefined) return;
    const lost = new Set([this.#random.pick([first, ...rest]), kind === undefined ? this.#random.pick([first, ...rest]) : typeId(kind)]);
    for (const kind of lost) this.#outages.add(kind);
    for (const open of this.#open) if (lost.has(typeId(open.type))) this.#close(open, error);
    this.#scheduler.after(durationMs, () => {
      this.#outages.clear();
      this.#storage.compact();
    });
  }

  #tellAll(commit: Commit): void {
    if (this.#life.gone) this.#open.clear();
    for (const open of this.#open) if (open.type.plural === commit.type.plural) this.#tell(open, commit);
  }

  #tell(open: Open, commit: Commit): void {
    const event = eventOf(open.options, commit);
    if (event !== undefined) for (let copy = 0; copy < this.#copies; copy += 1) this.#later(open, () => { open.stream.tell(event); });
  }

  #bookmark(open: Open): void {
    this.#scheduler.after(BOOKMARK_MS, () => {
      if (!this.#open.has(open) || this.#life.gone) return;
      const { version } = this.#storage;
      const object = { apiVersion: '', kind: open.type.kind, metadata: { name: '', resourceVersion: `${version}` } } satisfies KubeObject;
      this.#later(open, () => { open.stream.tell({ type: 'BOOKMARK', object }); });
      this.#bookmark(open);
    });
  }

  #later(open: Open, run: () => void): void {
    const lag = this.#lags.get(typeId(open.type)) ?? 0;
    const at = Math.max(open.lastAt, this.#scheduler.elapsedMs + this.#random.between(1, 20) + lag);
    open.lastAt = at;
    this.#scheduler.wakeAfter(at - this.#scheduler.elapsedMs, () => { this.#life.deliver(run); });
  }

  #close(open: Open, error?: ApiError): void {
    this.#open.delete(open);
    open.stream.end(error);
  }
}
