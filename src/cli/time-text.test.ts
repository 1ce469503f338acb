import { expect, it } from 'vitest';

import { ageText, durationText } from './time-text.ts';

it.each([
  [0, '0s'], [-5, '0s'], [48, '48s'], [60, '1m'], [62, '1m2s'], [599, '9m59s'], [761, '12m'], [3600, '1h'], [11_100, '3h5m'], [86_399, '23h59m'], [187_200, '2d4h'],
])('%d seconds are %s', (seconds, text) => {
  expect(durationText(seconds * 1000)).toBe(text);
});

it('an age counts from a time, and what never was has none', () => {
  expect(ageText('2026-01-01T00:00:00Z', new Date('2026-01-01T00:01:00Z'))).toBe('1m');
  expect(ageText(undefined, new Date())).toBe('');
});
