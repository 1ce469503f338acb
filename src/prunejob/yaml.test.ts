import fc from 'fast-check';
import { load } from 'js-yaml';
import { expect, it } from 'vitest';

import { yaml } from './yaml.ts';

const seed = 1;
const words = fc.constantFrom('', 'true', 'No', 'null', '~', '1', '1e3', '0x1f', '2026-01-01', '- a', 'a: b', 'a #b', '*a', '&a', '!a', '|', '>', "'", '"', `{"a": 'b'}`, '{"a": "→"}', '"\u2028', '"\u00a0', 'a\nb', ' a', 'a ', 'é', '\u0000', '\u0085', '\u2028', '=', '<<', '__proto__', 's3://models/pruned/');
const texts = fc.oneof(words, fc.string(), fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()));

it('is read back as what was written', () => {
  const values = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 4 }, texts, fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Object.is(number, -0)), fc.boolean(), fc.constant(null), fc.array(tie('value')), fc.dictionary(texts.filter((key) => key !== '__proto__' && key !== '<<'), tie('value'), { noNullPrototype: true })),
  })).value;
  fc.assert(fc.property(values, (value) => {
    expect(load(yaml(value))).toEqual(value);
  }), { numRuns: 2000, seed });
});

it('reads like what people write', () => {
  const patch = { kind: 'InferenceService', spec: { model: { storageUri: 's3://models/pruned/', args: ['--tensor-parallel-size=2'] }, containers: [{ name: 'vllm', resources: { limits: { 'nvidia.com/gpu': '2' } } }] } };
  expect(yaml(patch)).toBe(`kind: InferenceService
spec:
  model:
    storageUri: s3://models/pruned/
    args:
      - "--tensor-parallel-size=2"
  containers:
    - name: vllm
      resources:
        limits:
          nvidia.com/gpu: "2"
`);
});
