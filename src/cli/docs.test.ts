/** Every `kubectl prune` that stands in the documentation is a command line that the program takes. */
import { expect, it } from 'vitest';

import { commands } from './commands.ts';
import { parseWithName } from './flags.ts';
import { writtenLines } from './testing/docs.ts';

it('there are some', () => {
  expect(writtenLines.length).toBeGreaterThan(15);
});

it.each(writtenLines)('$page: $line', ({ words: [name, ...args] }) => {
  const command = commands.find((candidate) => candidate.name === name);
  expect(command?.name).toBe(name);
  expect(() => parseWithName(command!, args)).not.toThrow();
});
