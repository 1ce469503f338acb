import { describe, expect, it } from 'vitest';

import { candidates } from './candidates.ts';
import { commands } from './commands.ts';

function texts(...words: readonly string[]): readonly string[] | string {
  const found = candidates(commands, words);
  return typeof found === 'string' ? found : found.map(({ text }) => text);
}

describe('after a Tab', () => {
  it.each([
    { words: ['r'], found: ['run', 'report', 'rollback'] },
    { words: ['watch', ''], found: 'PruneJobs' },
    { words: ['watch', '-n', 'ml', 'mix'], found: 'PruneJobs' },
    { words: ['watch', 'mixtral', ''], found: [] },
    { words: ['watch', 'mixtral', '-n', ''], found: [] },
    { words: ['watch', '-o', ''], found: ['screen', 'json'] },
    { words: ['watch', '--output', 'j'], found: ['json'] },
    { words: ['run', '--strategy=C'], found: ['--strategy=Canary'] },
    { words: ['run', '--dry'], found: ['--dry-run'] },
    { words: ['run', '-f', ''], found: 'Files' },
    { words: ['rollback', '--yes', ''], found: 'PruneJobs' },
    { words: ['completion', 'z'], found: ['zsh'] },
    { words: ['unknown', ''], found: [] },
    { words: ['run', '--unknown='], found: [] },
  ])('$words', ({ words, found }) => {
    expect(texts(...words)).toEqual(found);
  });
});
