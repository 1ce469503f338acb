import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { jsonLines, readText, statusError } from './wire.ts';

const never = new AbortController().signal;

describe('jsonLines', () => {
  const text = Buffer.from('{"a":1}\n{"b":"\u00e9"}\n\n{"c":3}\n');
  it.each(Array.from({ length: text.length - 9 }, (_, index) => ({ cut: index + 8 })))('yields every line when cut at byte $cut', async ({ cut }) => {
    const stream = new PassThrough();
    stream.write(text.subarray(0, cut));
    const lines: unknown[] = [];
    for await (const line of jsonLines(stream, never)) {
      if (lines.push(line) === 1) stream.end(text.subarray(cut));
    }
    expect(lines).toEqual([{ a: 1 }, { b: '\u00e9' }, { c: 3 }]);
  });

  it('fails on what is no JSON', async () => {
    const stream = new PassThrough();
    stream.end('<html>\n');
    await expect(jsonLines(stream, never).next()).rejects.toMatchObject({ code: 0, reason: 'BrokenOff' });
  });
});

describe('readText', () => {
  it('fails when the stream breaks off', async () => {
    const stream = new PassThrough();
    stream.write('half');
    stream.destroy(new Error('reset'));
    await expect(readText(stream)).rejects.toMatchObject({ code: 0, message: "The API server's answer broke off: reset" });
  });
});

describe('statusError', () => {
  it.each([
    { name: 'the object of an ERROR event', status: { kind: 'Status', code: 410, reason: 'Expired', message: 'old' }, httpCode: undefined, expected: { code: 410, reason: 'Expired', message: 'old' } },
    { name: 'a body that is a Status', status: '{"kind":"Status","code":403,"reason":"Forbidden","message":"no"}', httpCode: 403, expected: { code: 403, reason: 'Forbidden', message: 'no' } },
    { name: 'a body that is other JSON', status: '{"error":"x"}', httpCode: 400, expected: { code: 400, message: '{"error":"x"}' } },
    { name: 'a page of a proxy', status: '<h1>502</h1>\n', httpCode: 502, expected: { code: 502, message: '<h1>502</h1>' } },
    { name: 'an empty body', status: '', httpCode: 503, expected: { code: 503, message: 'The API server answered 503 ' } },
  ])('$name', ({ status, httpCode, expected }) => {
    expect(statusError(status, httpCode)).toMatchObject(expected);
  });

  it.each([
    { header: '7', expected: 7000 },
    { header: undefined, expected: undefined },
    { header: 'Wed, 21 Oct 2026 07:28:00 GMT', expected: undefined },
  ])('takes Retry-After $header for $expected ms', ({ header, expected }) => {
    expect(statusError('', 429, header).retryAfterMs).toBe(expected);
  });
});
