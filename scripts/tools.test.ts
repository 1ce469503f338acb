import { expect, test } from 'vitest';
import { findTool, runTool } from './tools.ts';

test('a program that is missing is reported with the command that installs it', () => {
  expect(() => findTool('no-such-program')).toThrow('no-such-program is not installed; run `make tools`, which installs it.');
});

test('a program that fails is reported with its own words', () => {
  expect(() => runTool('sh', ['-c', 'echo it broke >&2; exit 3'])).toThrow(/^sh -c .* failed: it broke$/);
});

test('a program that works gives its output, and gets its input', () => {
  expect(runTool('cat', ['-'], { input: 'text' })).toBe('text');
});
