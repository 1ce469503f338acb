import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createLogger, withLogFields, type Logger, type LogLevel } from './log.ts';

function logged(level: LogLevel, write: (log: Logger) => void): Record<string, unknown>[] {
  const output = new PassThrough();
  write(createLogger(level, output));
  const text = String(output.read() ?? '');
  return text.split('\n').filter(Boolean).map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('createLogger', () => {
  it('writes one JSON object a line with level, message and fields', () => {
    const lines = logged('info', (log) => { log.info('Planned.', { gpus: 2 }); });
    expect(lines).toEqual([{ time: expect.any(String) as string, level: 'info', message: 'Planned.', gpus: 2 }]);
  });

  it('leaves out what is below its level', () => {
    expect(logged('warn', (log) => { log.info('Planned.'); })).toEqual([]);
  });

  it('lets a child carry its fields into every line', () => {
    const [line] = logged('info', (log) => { log.child({ a: 1 }).child({ b: 2 }).error('Broken.', { c: 3 }); });
    expect(line).toMatchObject({ a: 1, b: 2, c: 3 });
  });

  it('shows an error with its message, own fields and cause', () => {
    const error = Object.assign(new Error('outer', { cause: new Error('inner') }), { code: 409 });
    const [line] = logged('info', (log) => { log.error('Broken.', { error }); });
    expect(line).toMatchObject({ message: 'Broken.', error: { message: 'outer', code: 409, cause: { message: 'inner' } } });
  });

  it('keeps a field called message apart from the message', () => {
    const [line] = logged('info', (log) => { log.child({ reason: 'x' }).info('Said.', { text: 'y' }); });
    expect(line).toMatchObject({ message: 'Said.', text: 'y' });
  });

  it('adds the fields of the surrounding context, across awaits', async () => {
    const output = new PassThrough();
    const log = createLogger('info', output);
    await withLogFields({ reconcileID: 'r1' }, async () => {
      await Promise.resolve();
      log.info('Inside.');
    });
    log.info('Outside.');
    const lines = String(output.read()).trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map((line) => line['reconcileID'])).toEqual(['r1', undefined]);
  });
});
