/** Counts what a contender asked of the API server, from the audit log: the server's own word, the same for every program. */

export interface AuditEvent {
  readonly stage: string;
  readonly verb: string;
  readonly objectRef?: { readonly resource?: string; readonly subresource?: string; readonly name?: string };
  readonly responseStatus?: { readonly code?: number };
}

export interface Calls {
  /** get, list and the opening of a watch. */
  readonly reads: number;
  /** All but events. */
  readonly writes: number;
  readonly events: number;
  /** Refused by the server: a conflict, something that is not there. Counted among the others too. */
  readonly refused: number;
  /** `patch prunejobs/status` and how often. */
  readonly kinds: ReadonlyMap<string, number>;
}

const reading = ['get', 'list', 'watch'];

export function parseAudit(log: string): AuditEvent[] {
  return log.split('\n').filter(Boolean).map((line) => JSON.parse(line) as AuditEvent);
}

export function countCalls(log: readonly AuditEvent[]): Calls {
  const calls = log.filter(isAnswered).map((event) => ({ event, kind: kindOf(event) }));
  const isEvent = ({ event }: (typeof calls)[number]) => event.objectRef?.resource === 'events';
  const reads = calls.filter(({ event }) => reading.includes(event.verb));
  const writes = calls.filter((call) => !reads.includes(call));
  return {
    reads: reads.length,
    writes: writes.filter((call) => !isEvent(call)).length,
    events: writes.filter(isEvent).length,
    refused: calls.filter(({ event }) => (event.responseStatus?.code ?? 0) >= 400).length,
    kinds: tally(calls.map(({ kind }) => kind)),
  };
}

/** A watch is told of when it opens and when it ends, which may be after the measurement; everything else once. */
function isAnswered({ stage, verb }: AuditEvent): boolean {
  return stage === (verb === 'watch' ? 'ResponseStarted' : 'ResponseComplete');
}

function kindOf({ verb, objectRef }: AuditEvent): string {
  const { resource = '(none)', subresource } = objectRef ?? {};
  return `${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}`;
}

function tally(words: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}
