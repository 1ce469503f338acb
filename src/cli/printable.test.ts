import { expect, it } from 'vitest';

import { printable } from './printable.ts';

it.each([
  ['a title of the window', 's3://m/\u001b]0;PWNED\u0007/', 's3://m/\ufffd]0;PWNED\ufffd/'],
  ['a C1 sequence', '\u009b31mred', '\ufffd31mred'],
  ['a line drawn over', 'Failed\rComplete', 'Failed\ufffdComplete'],
  ['a line turned round', 'a\u202egnp.exe', 'a\ufffdgnp.exe'],
  ['lines, tabs and every script', 'a\tb\nГибрид 模型 é', 'a\tb\nГибрид 模型 é'],
])('%s', (_, text, shown) => {
  expect(printable(text)).toBe(shown);
});
