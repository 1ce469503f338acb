/** Every rule, and how the simulation tells them of what happens. */
import type { ApiError } from '../../../src/runtime/errors.ts';
import type { Request } from '../process/network.ts';
import { attempts } from './attempts.ts';
import { canary } from './canary.ts';
import { gate } from './gate.ts';
import type { Context, Invariant, Rule } from './invariant.ts';
import { leadership } from './leadership.ts';
import { lettingGo } from './letting-go.ts';
import { oneEngine } from './one-engine.ts';
import { ownWrites } from './own-writes.ts';
import { queues } from './queues.ts';
import { retired } from './retired.ts';
import { service } from './service.ts';
import { suspension } from './suspension.ts';
import { terminal } from './terminal.ts';
import { truth } from './truth.ts';
import { turns } from './turns.ts';

const rules: readonly Rule[] = [oneEngine, attempts, service, turns, canary, retired, gate, terminal, lettingGo, suspension, queues, leadership, ownWrites, truth];

export class Invariants {
  readonly #invariants: readonly Invariant[];

  constructor(context: Context) {
    this.#invariants = rules.map((rule) => rule(context));
    context.server.storage.onCommit((commit) => { for (const { committed } of this.#invariants) committed?.(commit); });
  }

  sent(request: Request): void {
    for (const { sent } of this.#invariants) sent?.(request);
  }

  answered(request: Request, error: ApiError | undefined): void {
    for (const { answered } of this.#invariants) answered?.(request, error);
  }

  rested(): void {
    for (const { rested } of this.#invariants) rested?.();
  }
}
