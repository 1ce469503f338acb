import { describe, expect, it } from 'vitest';

import { bytesText, durationMs, quantity } from './units.ts';

describe('units', () => {
  it.each([
    ['80Gi', 85_899_345_920], ['0', 0], [5, 5], ['1.5M', 1_500_000], ['512Ki', 524_288],
  ])('%s is %d', (text, value) => {
    expect(quantity(text)).toBe(value);
  });

  it('is no number when the unit is unknown', () => {
    expect(quantity('5Xi')).toBeNaN();
  });

  it.each([
    ['10m', 600_000], ['1h30m', 5_400_000], ['90s', 90_000], ['0s', 0],
  ])('%s lasts %d ms', (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });

  it.each([
    [0, '0 B'], [1023, '1023 B'], [5 * 2 ** 20, '5 MiB'], [10_517_248, '10.03 MiB'], [281e9, '261.7 GiB'],
  ])('%d bytes read as %s', (bytes, text) => {
    expect(bytesText(bytes)).toBe(text);
  });
});
