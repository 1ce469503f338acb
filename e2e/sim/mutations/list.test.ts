import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { expect, it } from 'vitest';

import { mutations } from './list.ts';

const root = new URL('../../../', import.meta.url);

it.each(mutations)('there is one place to make "$name"', ({ edits }) => {
  for (const { file, find } of edits) expect(readFileSync(fileURLToPath(new URL(file, root)), 'utf8').split(find), `${file}: ${find}`).toHaveLength(2);
});
