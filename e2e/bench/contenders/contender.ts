/** What the benchmark asks of everything it compares: objects go in, each becomes one Job, and tells when that is done. */
import type { Program } from '../../lib/daemon.ts';
import type { ControlPlane } from '../control-plane.ts';
import type { LiveObject } from '../watcher.ts';

export interface Replica {
  readonly kubeconfig: string;
  /** A folder of its own, and loopback ports that are free. */
  readonly folder: string;
  readonly ports: readonly [number, number, number];
}

export interface Contender {
  readonly name: string;
  /** Where the load creates its objects. */
  readonly collection: string;
  object(name: string): object;
  isTerminal(object: LiveObject): boolean;
  /** Whether a second replica waits for the first one's end. */
  readonly electsLeader: boolean;
  /** What must be there before the first replica: CRDs, webhooks. */
  prepare(plane: ControlPlane): Promise<void>;
  /** Absent where nothing of its own runs. */
  readonly program?: (replica: Replica) => Promise<Program> | Program;
}

export function isTrue({ status }: LiveObject, type: string): boolean {
  return status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') === true;
}
