import { describe, expect, it } from 'vitest';

import { parseMessage } from './messages.ts';
import { facts, result } from './testing/builders.ts';

const perplexity = { before: 19.8, after: 21, increase: 0.06, upperBound: 0.07, tokens: 8192, accepted: true };

describe('a termination message', () => {
  it.each([
    { name: 'facts', message: facts() },
    { name: 'facts with an existing result', message: facts({ existing: result() }) },
    { name: 'a result', message: result() },
    { name: 'a result that became better', message: result({ quality: { perplexity: { ...perplexity, increase: -0.01, upperBound: -0.001 } } }) },
    { name: 'an error', message: { kind: 'Error', reason: 'ModelNotFound', message: 'No model.' } },
  ])('is read: $name', ({ message }) => {
    expect(parseMessage(JSON.stringify(message))).toEqual(message);
  });

  it.each([
    { name: 'nothing', text: undefined },
    { name: 'a log tail', text: 'Traceback (most recent call last):' },
    { name: 'a JSON cut in the middle', text: JSON.stringify(facts()).slice(0, 100) },
    { name: 'a list', text: '[]' },
    { name: 'an unknown kind', text: '{"kind":"Other"}' },
    { name: 'facts without heads', text: JSON.stringify({ ...facts(), attentionHeads: undefined }) },
    { name: 'facts with a broken existing result', text: JSON.stringify({ ...facts(), existing: { uri: 's3://x/' } }) },
    { name: 'negative bytes', text: JSON.stringify(facts({ bytes: { experts: -1, routers: 0, total: 1 } })) },
    { name: 'a result with half a measurement', text: JSON.stringify({ ...result(), quality: { perplexity: { before: 1 } } }) },
    { name: 'a result with nameless stages', text: JSON.stringify({ ...result(), stages: [{ seconds: 1 }] }) },
  ])('is not trusted: $name', ({ text }) => {
    expect(parseMessage(text)).toBeUndefined();
  });
});
