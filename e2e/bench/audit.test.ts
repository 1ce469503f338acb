import { describe, expect, it } from 'vitest';
import { countCalls, parseAudit, type AuditEvent } from './audit.ts';

const event = (verb: string, resource: string, more: Partial<AuditEvent> & { readonly subresource?: string } = {}): AuditEvent => {
  const { subresource, ...rest } = more;
  return { stage: 'ResponseComplete', verb, objectRef: { resource, ...(subresource === undefined ? {} : { subresource }) }, ...rest };
};

describe('countCalls', () => {
  it.each([
    { what: 'a read', log: [event('get', 'serviceaccounts'), event('list', 'pods')], expected: { reads: 2, writes: 0, events: 0 } },
    { what: 'a write', log: [event('create', 'jobs'), event('patch', 'prunejobs'), event('delete', 'jobs')], expected: { reads: 0, writes: 3, events: 0 } },
    { what: 'an event as no write', log: [event('create', 'events'), event('patch', 'events')], expected: { reads: 0, writes: 0, events: 2 } },
    { what: 'a watch once, when it opens', log: [event('watch', 'pods', { stage: 'ResponseStarted' }), event('watch', 'pods')], expected: { reads: 1, writes: 0, events: 0 } },
    { what: 'no request before its answer', log: [event('create', 'jobs', { stage: 'ResponseStarted' })], expected: { reads: 0, writes: 0, events: 0 } },
    { what: 'a refusal as a call', log: [event('create', 'jobs', { responseStatus: { code: 409 } })], expected: { writes: 1, refused: 1 } },
    { what: 'discovery, which has no object', log: [{ stage: 'ResponseComplete', verb: 'get' }], expected: { reads: 1, writes: 0 } },
  ])('counts $what', ({ log, expected }) => {
    expect(countCalls(log)).toMatchObject(expected);
  });

  it('tells the kinds of calls apart', () => {
    const log = [event('patch', 'prunejobs'), event('patch', 'prunejobs', { subresource: 'status' }), event('patch', 'prunejobs', { subresource: 'status' })];
    expect([...countCalls(log).kinds]).toEqual([['patch prunejobs', 1], ['patch prunejobs/status', 2]]);
  });
});

describe('parseAudit', () => {
  it('reads one event a line', () => {
    const log = [event('get', 'pods'), event('create', 'jobs')];
    expect(parseAudit(`${log.map((line) => JSON.stringify(line)).join('\n')}\n`)).toEqual(log);
  });
});
