import { beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../telemetry/log.ts';
import { createMetrics, type RuntimeMetrics } from '../telemetry/metrics.ts';
import { sleep } from './clock.ts';
import { LeaderElector, LostLeaseError } from './leader.ts';
import { LeaseServer } from './testing/lease-server.ts';
import { ManualClock } from './testing/manual-clock.ts';

let server: LeaseServer;
let clock: ManualClock;
let metrics: RuntimeMetrics;

beforeEach(() => {
  server = new LeaseServer();
  clock = new ManualClock();
  metrics = createMetrics();
});

function candidate(identity: string, at: ManualClock = clock) {
  const stop = new AbortController();
  let led = false;
  let error: unknown;
  const client = server as unknown as ConstructorParameters<typeof LeaderElector>[0]['client'];
  const elector = new LeaderElector({ client, clock: at, log: createLogger('error'), metrics, namespace: 'sys', name: 'op', identity, random: () => 0 });
  const ended = elector.run(stop.signal, () => { led = true; }).catch((thrown: unknown) => { error = thrown; });
  return { elector, stop, ended, led: () => led, error: () => error };
}

describe('taking the lease', () => {
  it('creates it where there is none, and renews it every two seconds by one write', async () => {
    const a = candidate('a');
    await clock.advance(10_500);
    expect(a.led()).toBe(true);
    expect(server.lease?.spec).toMatchObject({ holderIdentity: 'a', leaseDurationSeconds: 15, renewTime: '2026-01-01T00:00:10.000000Z', leaseTransitions: 0 });
    expect(server.writes).toBe(6);
    a.stop.abort();
    await a.ended;
  });

  it('waits while the holder renews, however wrong the clock of the holder is', async () => {
    server.put({ holderIdentity: 'b', leaseDurationSeconds: 15, renewTime: '1999-01-01T00:00:00.000000Z' });
    const a = candidate('a');
    for (let second = 1; second <= 60; second += 1) {
      await clock.advance(1_000);
      server.put({ ...server.lease!.spec, renewTime: `1999-01-01T00:00:${String(second).padStart(2, '0')}.000000Z` });
    }
    expect(a.led()).toBe(false);
    a.stop.abort();
    await a.ended;
  });

  it('waits while a holder renews slowly, and for as long as the lease of the holder says', async () => {
    server.put({ holderIdentity: 'b', leaseDurationSeconds: 40, renewTime: '1' });
    const a = candidate('a');
    for (let renewal = 2; renewal <= 5; renewal += 1) {
      await clock.advance(39_000);
      server.put({ ...server.lease!.spec, renewTime: `${renewal}` });
    }
    expect(a.led()).toBe(false);
    await clock.advance(43_000);
    expect(a.led()).toBe(true);
    a.stop.abort();
    await a.ended;
  });

  it('looks before it takes when it has slept itself while the holder renewed', async () => {
    server.put({ holderIdentity: 'b', leaseDurationSeconds: 15, renewTime: '1' });
    const a = candidate('a');
    await clock.advance(1_000);
    clock.jump(60_000);
    server.put({ ...server.lease!.spec, renewTime: '2' });
    await clock.advance(10_000);
    expect(a.led()).toBe(false);
    a.stop.abort();
    await a.ended;
  });

  it('takes it from a holder that was not seen to renew for the length of its lease, and not before', async () => {
    server.put({ holderIdentity: 'b', leaseDurationSeconds: 15, renewTime: '2999-01-01T00:00:00.000000Z', leaseTransitions: 3 });
    const a = candidate('a');
    await clock.advance(14_900);
    expect(a.led()).toBe(false);
    await clock.advance(2_000);
    expect(a.led()).toBe(true);
    expect(server.lease?.spec).toMatchObject({ holderIdentity: 'a', leaseTransitions: 4 });
    a.stop.abort();
    await a.ended;
  });

  it('has one winner of two', async () => {
    const candidates = [candidate('a'), candidate('b')];
    await clock.advance(30_000);
    expect(candidates.map(({ led }) => led())).toEqual([true, false]);
    for (const { stop, ended } of candidates) {
      stop.abort();
      await ended;
    }
  });

  it('comes through when the server was away at first', async () => {
    server.down = true;
    const a = candidate('a');
    await clock.advance(5_000);
    server.down = false;
    await clock.advance(2_000);
    expect(a.led()).toBe(true);
    a.stop.abort();
    await a.ended;
  });
});

describe('keeping it', () => {
  it('survives a server that is away for less than the deadline', async () => {
    const a = candidate('a');
    await clock.advance(1_000);
    server.down = true;
    await clock.advance(7_000);
    server.down = false;
    await clock.advance(30_000);
    expect(a.error()).toBeUndefined();
    expect(a.elector.leading).toBe(true);
    a.stop.abort();
    await a.ended;
  });

  it('tries again soon after a failure: two renewals that time out in a row end nobody', async () => {
    const a = candidate('a');
    await clock.advance(1_000);
    server.down = true;
    server.silence = () => sleep(clock, 3_000, new AbortController().signal);
    await clock.advance(7_800);
    server.down = false;
    await clock.advance(20_000);
    expect(a.error()).toBeUndefined();
    expect(a.elector.leading).toBe(true);
    a.stop.abort();
    await a.ended;
  });

  it('survives writes of others that leave the holder alone, and a write whose answer was lost', async () => {
    const a = candidate('a');
    await clock.advance(1_000);
    for (let i = 0; i < 10; i += 1) {
      server.put(server.lease!.spec);
      await clock.advance(2_000);
    }
    server.put(server.lease!.spec);
    server.touched = true;
    await clock.advance(5_000);
    server.touched = false;
    await clock.advance(20_000);
    expect(a.elector.leading).toBe(true);
    a.stop.abort();
    await a.ended;
  });

  it('comes back when the Lease is deleted, where nobody else was faster', async () => {
    const a = candidate('a');
    await clock.advance(1_000);
    server.lease = undefined;
    await clock.advance(20_000);
    expect(a.elector.leading).toBe(true);
    expect(server.lease).toMatchObject({ spec: { holderIdentity: 'a' } });
    a.stop.abort();
    await a.ended;
  });

  it('is lost when the Lease is deleted and another one is faster', async () => {
    const a = candidate('a');
    await clock.advance(1_000);
    server.lease = undefined;
    server.put({ holderIdentity: 'b', leaseDurationSeconds: 15, renewTime: '2026-01-01T00:00:01.000000Z' });
    await clock.advance(3_000);
    expect((a.error() as Error).message).toContain('"b" holds it now');
  });

  it('is lost when it could not be renewed for ten seconds, which is before anyone else may take it', async () => {
    const a = candidate('a');
    await clock.advance(1_000);
    server.down = true;
    await clock.advance(13_000);
    expect(a.error()).toBeInstanceOf(LostLeaseError);
    expect((a.error() as Error).message).toContain('could not be renewed for 10 s');
    expect(clock.elapsedMs()).toBeLessThan(15_000);
  });

  it('is lost at once when somebody else holds it', async () => {
    const a = candidate('a');
    await clock.advance(1_000);
    server.put({ holderIdentity: 'b', leaseDurationSeconds: 15, renewTime: '2026-01-01T00:00:01.000000Z' });
    await clock.advance(2_000);
    expect((a.error() as Error).message).toContain('"b" holds it now');
  });

  it('is not claimed by a process that has slept through its deadline, before any timer has run', async () => {
    const slept = new ManualClock();
    const a = candidate('a', slept);
    await slept.advance(1_000);
    expect(a.elector.leading).toBe(true);
    slept.jump(11_000);
    expect(a.elector.leading).toBe(false);
    expect(a.elector.overdue).toBe(false);
    slept.jump(5_000);
    expect(a.elector.overdue).toBe(true);
    a.stop.abort();
    await a.ended;
  });
});

describe('giving it back', () => {
  it('lets the next one take over at once', async () => {
    const a = candidate('a');
    await clock.advance(1_000);
    const b = candidate('b');
    await clock.advance(1_000);
    a.stop.abort();
    await a.ended;
    expect(server.lease?.spec).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1 });
    await clock.advance(2_000);
    expect(b.led()).toBe(true);
    b.stop.abort();
    await b.ended;
  });

  it('does so also when the answer to the last renewal was lost', async () => {
    const a = candidate('a');
    await clock.advance(1_000);
    server.losesAnswer = true;
    await clock.advance(2_000);
    server.losesAnswer = false;
    a.stop.abort();
    await a.ended;
    expect(server.lease?.spec.holderIdentity).toBe('');
  });

  it('leaves the lease alone when somebody else has taken it meanwhile', async () => {
    const a = candidate('a');
    await clock.advance(1_000);
    server.put({ holderIdentity: 'b', leaseDurationSeconds: 15, renewTime: '2026-01-01T00:00:01.000000Z' });
    a.stop.abort();
    await a.ended;
    expect(server.lease?.spec.holderIdentity).toBe('b');
  });

  it('leaves no timer and tells the metric', async () => {
    const a = candidate('a');
    await clock.advance(1_000);
    expect(await metrics.registry.metrics()).toContain('leader_election_master_status{name="op"} 1');
    a.stop.abort();
    await a.ended;
    expect(await metrics.registry.metrics()).toContain('leader_election_master_status{name="op"} 0');
    expect(clock.pendingTimers).toBe(0);
  });

  it('does not write when it never led', async () => {
    server.put({ holderIdentity: 'b', leaseDurationSeconds: 15, renewTime: 'x' });
    const a = candidate('a');
    await clock.advance(1_000);
    a.stop.abort();
    await a.ended;
    expect(server.writes).toBe(1);
  });
});
