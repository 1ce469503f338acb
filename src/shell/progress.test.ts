import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EngineProgress } from '../prunejob/observed.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Logger } from '../telemetry/log.ts';
import { parseProgress, sameStep } from './progress-report.ts';
import { ProgressPoller, type ProgressTarget } from './progress.ts';

const signal = new AbortController().signal;
const unknown: EngineProgress = parseProgress('{}');
const debugLines: string[] = [];
const log: Logger = {
  debug: (message) => void debugLines.push(message),
  info: fail,
  warn: fail,
  error: fail,
  child: () => log,
};
function fail(): never {
  throw new Error('Progress may only speak at debug level.');
}

describe('ProgressPoller', () => {
  let server: Server;
  let target: ProgressTarget;
  let answer: { status: number; body: string };
  let targets: ProgressTarget[];
  let enqueued: string[];
  let poller: ProgressPoller;

  beforeEach(async () => {
    debugLines.length = 0;
    server = createServer((_, response) => response.writeHead(answer.status, answer.status === 302 ? { location: '/elsewhere' } : {}).end(answer.body));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    target = { key: 'ml/mixtral', podUid: 'pod-1', url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/progress` };
    targets = [target];
    enqueued = [];
    poller = new ProgressPoller({ targets: () => targets, log, clock: systemClock });
    poller.source.attach((key) => enqueued.push(key));
  });

  afterEach(() => {
    server.close();
  });

  const answering = async (body: object | string, status = 200) => {
    answer = { status, body: typeof body === 'string' ? body : JSON.stringify(body) };
    await poller.pollOnce(signal);
  };

  it('knows which PruneJobs work on a run, for as long as their pods are there', async () => {
    await answering({ runKey: 'k' });
    expect([poller.workingOn('k'), poller.workingOn('another')]).toEqual([['ml/mixtral'], []]);
    targets = [];
    await answering({ runKey: 'k' });
    expect(poller.workingOn('k')).toEqual([]);
  });

  it('asks for another look only when a step was made', async () => {
    await answering({ stage: 'Experts', layer: 1, percent: 10, estimatedRemainingSeconds: 9 });
    await answering({ stage: 'Experts', layer: 1, percent: 10, estimatedRemainingSeconds: 8 });
    expect(enqueued).toEqual(['ml/mixtral']);
    await answering({ stage: 'Experts', layer: 2, percent: 20, estimatedRemainingSeconds: 7 });
    expect(enqueued).toEqual(['ml/mixtral', 'ml/mixtral']);
    expect(poller.latest('pod-1')).toEqual({ ...unknown, stage: 'Experts', layer: 2, percent: 20, estimatedRemainingSeconds: 7 });
  });

  it.each([
    { what: 'an error', status: 500, body: '{}' },
    { what: 'a redirect', status: 302, body: '{}' },
    { what: 'something else than JSON', status: 200, body: '<html>' },
    { what: 'no object', status: 200, body: '7' },
    { what: 'an endless answer', status: 200, body: `{"stage":"${'x'.repeat(100_000)}"}` },
  ])('keeps the last answer when the pod gives $what', async ({ status, body }) => {
    await answering({ percent: 10 });
    await answering(body, status);
    expect(poller.latest('pod-1')).toEqual({ ...unknown, percent: 10 });
    expect(enqueued).toHaveLength(1);
    expect(debugLines).toHaveLength(1);
  });

  it('asks nobody before a controller listens', async () => {
    poller = new ProgressPoller({ targets: () => targets, log, clock: systemClock });
    await answering({ percent: 10 });
    expect(poller.latest('pod-1')).toBeUndefined();
  });

  it('forgets a pod that is gone', async () => {
    await answering({ percent: 10 });
    targets = [];
    await poller.pollOnce(signal);
    expect(poller.latest('pod-1')).toBeUndefined();
  });

  it('ends with its signal', async () => {
    const stop = new AbortController();
    answer = { status: 200, body: '{"percent":1}' };
    const running = poller.run(stop.signal);
    stop.abort();
    await expect(running).resolves.toBeUndefined();
  });
});

describe('parseProgress', () => {
  it.each([
    { what: 'null', value: null },
    { what: 'a text for a number', value: '37' },
    { what: 'a negative number', value: -1 },
    { what: 'more than everything', value: 101 },
  ])('takes $what for unknown', ({ value }) => {
    expect(parseProgress(JSON.stringify({ percent: value, layer: 3 }))).toEqual({ ...unknown, layer: 3 });
  });

  it('gives only what the status can hold', () => {
    expect(parseProgress('{"percent":37.9,"stage":"' + 'x'.repeat(33) + '","updatedAt":"yesterday"}')).toEqual({ ...unknown, percent: 37 });
  });

  it('leaves no control character in a text', () => {
    expect(parseProgress('{"runKey":"k\\u001b[2J","stage":"s\\u202e"}')).toEqual({ ...unknown, runKey: 'k\uFFFD[2J', stage: 's\uFFFD' });
  });

  it('leaves out fields it does not know', () => {
    expect(parseProgress('{"percent":1,"token":"x"}')).toEqual({ ...unknown, percent: 1 });
  });
});

describe('sameStep', () => {
  it.each([
    { next: { percent: 1, updatedAt: 'later' }, same: true },
    { next: { percent: 2 }, same: false },
    { next: { percent: 1, layer: 1 }, same: false },
    { next: { percent: 1, stage: 'Weights' }, same: false },
    { next: { percent: 1, runKey: 'a' }, same: false },
  ])('$next is the same step: $same', ({ next, same }) => {
    expect(sameStep({ ...unknown, percent: 1 }, { ...unknown, ...next })).toBe(same);
  });
});
