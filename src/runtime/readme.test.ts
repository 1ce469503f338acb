import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8');

it('shows the example that the tests run', () => {
  const code = read('testing/greeter.ts').split('*/\n')[1];
  expect(read('README.md')).toContain(code);
});
