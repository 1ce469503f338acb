import { describe, expect, it } from 'vitest';

import { parseMessage } from './messages.ts';
import { evaluation, facts, result } from '../testing/builders.ts';

const task = { name: 'arc_easy', metric: 'acc_norm', questions: 500, before: 0.7, after: 0.68, retained: 0.97, lowerBound: 0.94, accepted: true };
const perplexity = { before: 19.8, after: 21, increase: 0.06, upperBound: 0.07, tokens: 8192, accepted: true };

describe('a termination message', () => {
  it.each([
    { name: 'facts', message: facts() },
    { name: 'facts with an existing result', message: facts({ existing: result() }) },
    { name: 'a result', message: result() },
    { name: 'a result that became better', message: result({ quality: { perplexity: { ...perplexity, increase: -0.01, upperBound: -0.001 } } }) },
    { name: 'a result with tasks', message: result({ quality: { perplexity, tasks: [task] } }) },
    { name: 'a result of a task so small that its bound says nothing', message: result({ quality: { tasks: [{ ...task, lowerBound: -0.1 }] } }) },
    { name: 'an evaluation', message: evaluation() },
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
    { name: 'a result with half a task', text: JSON.stringify({ ...result(), quality: { tasks: [{ name: 'arc_easy', before: 0.7 }] } }) },
    { name: 'a result with a task without a bound', text: JSON.stringify({ ...result(), quality: { tasks: [{ ...task, lowerBound: null }] } }) },
    { name: 'an evaluation of nothing', text: JSON.stringify({ ...evaluation(), tasks: undefined }) },
    { name: 'an evaluation with half a task', text: JSON.stringify({ ...evaluation(), tasks: [{ name: 'gsm8k' }] }) },
    { name: 'a kind that every object has', text: '{"kind":"constructor"}' },
    { name: 'a result signed by no key', text: JSON.stringify({ ...result(), signature: {} }) },
    { name: 'a result with nameless stages', text: JSON.stringify({ ...result(), stages: [{ seconds: 1 }] }) },
  ])('is not trusted: $name', ({ text }) => {
    expect(parseMessage(text)).toBeUndefined();
  });
});
