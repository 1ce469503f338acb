import { describe, expect, it } from 'vitest';
import { readOptions } from './options.ts';

const known = ['ceiling', 'ours'];

describe('readOptions', () => {
  it.each([
    { what: 'nothing', env: {}, expected: { pairs: 5, takeovers: 5, contenders: known, loads: [{ size: 50, rate: 5 }, { size: 100, rate: 50 }, { size: 1000, rate: 50 }, { size: 5000, rate: 50 }] } },
    { what: 'the quick form', env: { SIZES: '100', PAIRS: '1' }, expected: { pairs: 1, takeovers: 1, loads: [{ size: 50, rate: 5 }, { size: 100, rate: 50 }] } },
    { what: 'no calm load', env: { SIZES: '7, 8', CALM: '0', RATE: '9' }, expected: { loads: [{ size: 7, rate: 9 }, { size: 8, rate: 9 }] } },
    { what: 'one contender', env: { CONTENDERS: 'ours', TAKEOVERS: '0' }, expected: { contenders: ['ours'], takeovers: 0 } },
  ])('understands $what', ({ env, expected }) => {
    expect(readOptions(env, known)).toMatchObject(expected);
  });

  it.each([
    { env: { SIZES: 'many' }, says: 'SIZES holds "many"' },
    { env: { PAIRS: '-1' }, says: 'PAIRS holds "-1"' },
    { env: { CONTENDERS: 'ceiling theirs' }, says: 'CONTENDERS names theirs, which is none of: ceiling, ours.' },
  ])('refuses $env', ({ env, says }) => {
    expect(() => readOptions(env, known)).toThrow(says);
  });
});
