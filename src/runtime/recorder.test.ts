import { PassThrough } from 'node:stream';
import { beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../telemetry/log.ts';
import { ApiError } from './errors.ts';
import { EventRecorder, type RecordedEvent } from './recorder.ts';
import { stubClient, type StubClient } from './testing/stub-client.ts';
import { ManualClock, settle } from './testing/manual-clock.ts';
import { configMap } from './testing/objects.ts';
import type { KubeObject } from './types.ts';

let clock: ManualClock;
let client: StubClient;
let recorder: EventRecorder;
let output: PassThrough;

function use(stub: StubClient): void {
  clock = new ManualClock();
  client = stub;
  output = new PassThrough();
  recorder = new EventRecorder({ client, clock, log: createLogger('warn', output), controller: 'stun-operator', instance: 'pod-1' });
}

beforeEach(() => { use(stubClient()); });

const event = (more: Partial<RecordedEvent> = {}): RecordedEvent => ({
  regarding: configMap('a', { uid: 'u' }),
  type: 'Normal',
  reason: 'Planned',
  action: 'Plan',
  note: 'Planned 4 to 2 GPUs.',
  ...more,
});
const verbs = () => client.calls.map(({ verb }) => verb);
const names = () => client.calls.map(({ args }) => (args[1] as KubeObject).metadata.name);
const series = () => client.calls.filter(({ verb }) => verb === 'jsonPatch').map(({ args }) => (args[1] as { value: unknown }[])[0]?.value);
const written = () => client.calls[0]?.args[1] as Record<string, unknown>;

describe('record', () => {
  it('writes a whole event', async () => {
    recorder.record(event());
    await recorder.flush();
    expect(written()).toMatchObject({
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { namespace: 'ml', name: expect.stringMatching(/^a\.[0-9a-f]{16}$/) as string },
      ...{ type: 'Normal', reason: 'Planned', action: 'Plan', note: 'Planned 4 to 2 GPUs.' },
      ...{ eventTime: '2026-01-01T00:00:00.000000Z', reportingController: 'stun-operator', reportingInstance: 'pod-1' },
      regarding: { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'ml', name: 'a', uid: 'u' },
    });
  });

  it('gives names that sort as the events happened', async () => {
    for (const [at, reason] of ['Planned', 'Pruned', 'Published', 'Serving', 'Finished'].entries()) {
      if (at > 1) await clock.advance(7);
      recorder.record(event({ reason }));
    }
    await recorder.flush();
    expect(names()).toHaveLength(5);
    expect(names()).toEqual([...names()].sort());
  });

  it.each([
    { name: 'short notes stay', note: 'ä'.repeat(512), bytes: 1024 },
    { name: 'long ones are cut between characters', note: 'ä'.repeat(600), bytes: 1023 },
  ])('$name', async ({ note, bytes }) => {
    recorder.record(event({ note }));
    await recorder.flush();
    const text = written()['note'] as string;
    expect(Buffer.byteLength(text)).toBe(bytes);
    expect(text).not.toContain('\uFFFD');
  });
});

describe('repetitions', () => {
  it('become one series: the first is written at once, the others together a minute later, with the exact count', async () => {
    for (let i = 0; i < 5; i += 1) recorder.record(event());
    await clock.advance(30_000);
    expect(verbs()).toEqual(['create', 'jsonPatch']);
    recorder.record(event());
    await clock.advance(30_000);
    expect(series()).toEqual([
      { count: 2, lastObservedTime: '2026-01-01T00:00:00.000000Z' },
      { count: 6, lastObservedTime: '2026-01-01T00:00:30.000000Z' },
    ]);
    await clock.advance(600_000);
    expect(verbs()).toHaveLength(3);
  });

  it('are written with their count before the end, and leave no timer', async () => {
    for (let i = 0; i < 5; i += 1) recorder.record(event());
    await recorder.flush();
    expect(series().at(-1)).toMatchObject({ count: 5 });
    expect(clock.pendingTimers).toBe(0);
  });

  it('wait for the event they repeat to be there', async () => {
    const created = Promise.withResolvers<KubeObject>();
    const slow = stubClient();
    use({ ...slow, create: (() => { slow.calls.push({ verb: 'create', args: [] }); return created.promise; }) as StubClient['create'] });
    for (let i = 0; i < 2; i += 1) recorder.record(event());
    await settle();
    expect(verbs()).toEqual(['create']);
    created.resolve(configMap('event'));
    await recorder.flush();
    expect(verbs()).toEqual(['create', 'jsonPatch']);
  });

  it.each([
    { name: 'another note', other: event({ note: 'Another.' }) },
    { name: 'another reason', other: event({ reason: 'Other' }) },
    { name: 'another object', other: event({ regarding: configMap('b', { uid: 'v' }) }) },
  ])('$name is another event', async ({ other }) => {
    recorder.record(event());
    recorder.record(other);
    await recorder.flush();
    expect(verbs()).toEqual(['create', 'create']);
  });

  it('begin anew after a long pause', async () => {
    recorder.record(event());
    await clock.advance(400_000);
    recorder.record(event());
    await recorder.flush();
    expect(verbs()).toEqual(['create', 'create']);
  });

  it('begin anew when the event has been forgotten by the server', async () => {
    use(stubClient(({ verb }) => {
      if (verb === 'jsonPatch') throw new ApiError(404, { reason: 'NotFound', message: 'gone' });
      return undefined;
    }));
    for (let i = 0; i < 2; i += 1) recorder.record(event());
    await recorder.flush();
    recorder.record(event());
    await recorder.flush();
    expect(verbs()).toEqual(['create', 'jsonPatch', 'create']);
  });
});

it('lets one noisy object write 25 events and then one in ten seconds, and the others go on', async () => {
  for (let i = 0; i < 40; i += 1) recorder.record(event({ note: `${i}` }));
  recorder.record(event({ regarding: configMap('b', { uid: 'v' }) }));
  await recorder.flush();
  expect(verbs()).toHaveLength(26);
  await clock.advance(10_000);
  for (let i = 0; i < 5; i += 1) recorder.record(event({ note: `late ${i}` }));
  await recorder.flush();
  expect(verbs()).toHaveLength(27);
});

describe('an event that could not be written', () => {
  const failing = (answers: (ApiError | undefined)[]) => stubClient(() => {
    const error = answers.shift();
    if (error !== undefined) throw error;
    return undefined;
  });
  const away = new ApiError(0, { reason: 'NoAnswer', message: 'away' });
  const busy = new ApiError(429, { reason: 'TooManyRequests', message: 'busy', retryAfterMs: 9_000 });
  const exists = new ApiError(409, { reason: 'AlreadyExists', message: 'exists' });

  it.each([
    { name: 'because the server was away', answers: [away, away, undefined], ms: 3_000, verbs: ['create', 'create', 'create'] },
    { name: 'because the server was busy, when it asked for', answers: [busy, undefined], ms: 9_000, verbs: ['create', 'create'] },
    { name: 'although it was, where the answer was lost', answers: [away, exists], ms: 1_000, verbs: ['create', 'create'] },
  ])('is written again: $name', async ({ answers, ms, verbs: expected }) => {
    use(failing(answers));
    recorder.record(event());
    await clock.advance(ms - 1);
    expect(verbs()).toHaveLength(expected.length - 1);
    await clock.advance(1);
    expect(verbs()).toEqual(expected);
    expect(output.read()).toBeNull();
    recorder.record(event());
    await recorder.flush();
    expect(verbs().at(-1)).toBe('jsonPatch');
  });

  it('is given up in the end, and at once when the process ends', async () => {
    use(failing(Array.from({ length: 6 }, () => away)));
    recorder.record(event());
    await recorder.flush();
    expect(verbs()).toHaveLength(6);
    expect(String(output.read())).toContain('away');
  });
});

it('logs what could not be written and fails nobody', async () => {
  use(stubClient(() => { throw new ApiError(403, { reason: 'Forbidden', message: 'no events here' }); }));
  expect(() => { recorder.record(event()); }).not.toThrow();
  await recorder.flush();
  expect(String(output.read())).toContain('no events here');
});
