import { describe, expect, it } from 'vitest';

import { readArguments, withTensorParallel } from './arguments.ts';

describe('the tensor-parallel size', () => {
  it.each([
    { args: ['--tensor-parallel-size=4'], after: ['--tensor-parallel-size=2'] },
    { args: ['--tensor-parallel-size', '4'], after: ['--tensor-parallel-size', '2'] },
    { args: ['--tensor_parallel_size=4', '--port=8080'], after: ['--tensor_parallel_size=2', '--port=8080'] },
    { args: ['-tp', '4', '--max-model-len', '4'], after: ['-tp', '2', '--max-model-len', '4'] },
    { args: ['-tp=4'], after: ['-tp=2'] },
    { args: ['--tensor-parallel-size 4'], after: ['--tensor-parallel-size 2'] },
    { args: ['vllm serve /mnt/models --tensor-parallel-size 4 --port 4'], after: ['vllm serve /mnt/models --tensor-parallel-size 2 --port 4'] },
    { args: ['--tensor-parallel-size=8', '--tensor-parallel-size=4'], after: ['--tensor-parallel-size=2', '--tensor-parallel-size=2'] },
  ])('$args', ({ args, after }) => {
    expect(readArguments(args).tensorParallel).toBe(4);
    expect(withTensorParallel(args, 2)).toEqual(after);
  });

  it.each([[['--port=4']], [['--pipeline-parallel-size=4']], [['--tensor-parallel-size']], [[]]])('is not in %j', (args) => {
    expect(readArguments(args).tensorParallel).toBeUndefined();
    expect(withTensorParallel(args, 2)).toEqual(args);
  });
});

describe('the other sizes', () => {
  it.each([
    { args: ['--max-model-len=32768', '--max-num-seqs=16'], expected: { maxModelLen: 32_768, maxConcurrency: 16 } },
    { args: ['--max_model_len', '32k'], expected: { maxModelLen: 32_000 } },
    { args: ['--max-model-len', '32K'], expected: { maxModelLen: 32_768 } },
    { args: ['--max-model-len', 'auto'], expected: {} },
  ])('$args', ({ args, expected }) => {
    expect(readArguments(args)).toEqual(expected);
  });
});
