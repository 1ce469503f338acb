/** What must hold whatever happens: each rule looks at every write, and once more when all has come to rest. */
import type { Engine } from '../actors/engine.ts';
import type { World } from '../actors/world.ts';
import type { Commit } from '../api-server/storage.ts';
import type { Request } from '../process/network.ts';
import type { ApiError } from '../../../src/runtime/errors.ts';

export interface Context extends World {
  readonly engine: Engine;
  /** The first one ends the seed. */
  readonly violated: (rule: string, what: string) => void;
}

export interface Invariant {
  readonly committed?: (commit: Commit) => void;
  readonly sent?: (request: Request) => void;
  readonly answered?: (request: Request, error: ApiError | undefined) => void;
  readonly rested?: () => void;
}

export type Rule = (context: Context) => Invariant;
