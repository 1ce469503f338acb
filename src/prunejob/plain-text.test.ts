/** Nothing that a container says reaches a terminal as a command to it, by whichever way it comes into the status. */
import { describe, expect, it } from 'vitest';

import { parseMessage } from './engine/messages.ts';
import { plainText } from './plain-text.ts';
import { result } from './testing/builders.ts';
import { World } from './testing/world.ts';

const escape = '\u001b[2J';

it.each([
  ['plain words, with a\ttab\nand another line', 'plain words, with a\ttab\nand another line'],
  ['modèle 模型 🙂 שלום', 'modèle 模型 🙂 שלום'],
  [`clear ${escape} the screen`, 'clear \uFFFD[2J the screen'],
  ['a\u0000b\u0007c\rd\u007fe', 'a\uFFFDb\uFFFDc\uFFFDd\uFFFDe'],
  ['by C1: \u009b2J', 'by C1: \uFFFD2J'],
  ['turned \u202eround\u202c and \u2066back\u2069', 'turned \uFFFDround\uFFFD and \uFFFDback\uFFFD'],
  ['another line\u2028in disguise', 'another line\uFFFDin disguise'],
])('%j becomes %j', (text, plain) => {
  expect(plainText(text)).toBe(plain);
});

describe('in the status no control character is left', () => {
  it('of a termination message, at any depth', () => {
    const told = parseMessage(JSON.stringify(result({ uri: `s3://models/${escape}`, stages: [{ stage: `load${escape}`, seconds: 1 }] })));
    expect(JSON.stringify(told)).not.toContain('\\u001b');
    expect(told).toMatchObject({ uri: 's3://models/\uFFFD[2J', stages: [{ stage: 'load\uFFFD[2J' }] });
  });

  it('of an error, or of the end of a log, in conditions and events', () => {
    for (const message of [{ kind: 'Error', reason: 'ModelNotFound', message: `No model ${escape}.` }, undefined]) {
      const world = new World();
      world.settle();
      world.end('inspect', { exitCode: 2, ...(message === undefined ? {} : { message }) });
      world.change({ childJobs: world.observed.childJobs.map((child) => ({ ...child, pods: message === undefined ? child.pods.map(withTail) : child.pods })) });
      world.settle();
      expect(world.condition('Failed')?.message).toContain('\uFFFD[2J');
      expect(JSON.stringify([world.pruneJob.status, world.decisions.map(({ events }) => events)])).not.toContain('\\u001b');
    }
  });
});

function withTail<T extends { readonly status?: object }>(pod: T): T {
  const terminated = { exitCode: 2, message: `Traceback ${escape}` };
  return { ...pod, status: { ...pod.status, containerStatuses: [{ name: 'engine', state: { terminated } }] } };
}
