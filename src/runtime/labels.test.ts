import { describe, expect, it } from 'vitest';
import { selects } from './labels.ts';

describe('selects', () => {
  it.each([
    { selector: undefined, expected: true },
    { selector: '', expected: true },
    { selector: 'app=x', expected: true },
    { selector: 'app==x', expected: true },
    { selector: 'app=y', expected: false },
    { selector: 'app!=y', expected: true },
    { selector: 'app!=x', expected: false },
    { selector: 'gone!=x', expected: true },
    { selector: 'app', expected: true },
    { selector: 'gone', expected: false },
    { selector: '!gone', expected: true },
    { selector: '!app', expected: false },
    { selector: 'app=x,k8s.io/part=p', expected: true },
    { selector: 'app=x, k8s.io/part=q', expected: false },
  ])('$selector: $expected', ({ selector, expected }) => {
    expect(selects(selector, { app: 'x', 'k8s.io/part': 'p' })).toBe(expected);
  });

  it('takes no labels for empty ones', () => {
    expect(selects('app', undefined)).toBe(false);
  });

  it('refuses what it cannot judge', () => {
    expect(() => selects('app in (x,y)', {})).toThrow('uses sets');
  });
});
