import { describe, expect, it } from 'vitest';

import { modelArgument, withModel } from './vllm-command.ts';
import { commandProblem } from './vllm-refusal.ts';

const dense = 's3://models/moe/';
const pruned = 's3://pruned/moe/';

describe('the model of a command line', () => {
  it.each([
    { line: { args: [dense, '--port=80'] }, after: { args: [pruned, '--port=80'] } },
    { line: { args: ['serve', dense] }, after: { args: ['serve', pruned] } },
    { line: { args: ['--port', '80', '--model', dense] }, after: { args: ['--port', '80', '--model', pruned] } },
    { line: { args: [`--model=${dense}`] }, after: { args: [`--model=${pruned}`] } },
    { line: { args: ['--model=s3://first/', `--model=${dense}`] }, after: { args: ['--model=s3://first/', `--model=${pruned}`] } },
    { line: { command: ['vllm', 'serve', dense, '-tp', '4'] }, after: { command: ['vllm', 'serve', pruned, '-tp', '4'] } },
    { line: { command: ['vllm', 'serve'], args: [dense] }, after: { command: ['vllm', 'serve'], args: [pruned] } },
    { line: { command: ['/opt/venv/bin/vllm'], args: ['serve', dense] }, after: { command: ['/opt/venv/bin/vllm'], args: ['serve', pruned] } },
    { line: { command: ['python3', '-m', 'vllm.entrypoints.openai.api_server'], args: ['--model', dense] }, after: { command: ['python3', '-m', 'vllm.entrypoints.openai.api_server'], args: ['--model', pruned] } },
    { line: { command: ['python3', '-m', 'vllm.entrypoints.openai.api_server', `--model=${dense}`] }, after: { command: ['python3', '-m', 'vllm.entrypoints.openai.api_server', `--model=${pruned}`] } },
    { line: { command: ['/app/serve', '--model', dense], args: ['--model-impl', 'auto'] }, after: { command: ['/app/serve', '--model', pruned], args: ['--model-impl', 'auto'] } },
  ])('$line', ({ line, after }) => {
    expect(modelArgument(line)).toBe(dense);
    expect(withModel(line, pruned)).toEqual(after);
  });

  it.each([
    { line: {} },
    { line: { args: ['--port', '80', dense] } },
    { line: { args: ['--served-model-name', 'moe', '--model-impl', 'auto'] } },
    { line: { command: ['/app/serve'], args: [dense] } },
    { line: { command: ['vllm', 'serve'] } },
  ])('is not told by $line', ({ line }) => {
    expect(modelArgument(line)).toBeUndefined();
    expect(withModel(line, pruned)).toEqual(line);
  });
});

describe('a command line', () => {
  it.each([
    { line: { command: ['/bin/sh', '-c'], args: ['vllm serve s3://models/moe/ -tp 4'] }, says: /through \/bin\/sh, whose script/ },
    { line: { command: ['bash', '-lc', 'vllm serve'] }, says: /through bash/ },
    { line: { args: ['sh', '-c', 'vllm serve'] }, says: /through sh/ },
    { line: { command: ['/usr/bin/env', 'bash', '-c', 'vllm serve'] }, says: /through bash/ },
    { line: { command: ['/start.sh'], args: ['--tensor-parallel-size=4'] }, says: /through \/start\.sh/ },
    { line: { args: [dense, '-tp=2', '--pipeline-parallel-size', '2'] }, says: /pipeline parallelism/ },
    { line: { args: [dense, '-tp=2', '-pp=2'] }, says: /pipeline parallelism/ },
    { line: { args: [dense, '-tp=2', '--data_parallel_size=2'] }, says: /data parallelism/ },
    { line: { args: [dense, '-tp=2', '--nnodes=2'] }, says: /several nodes/ },
    { line: { command: ['ray', 'start', '--head'] }, says: /Ray/ },
    { line: { args: [dense, '-tp=4', '--distributed-executor-backend', 'ray'] }, says: /Ray/ },
    { line: { args: [dense, '--config', '/etc/vllm.yaml'] }, says: /--config/ },
    { line: { args: [dense] }, says: /4 GPUs.*--tensor-parallel-size=4/ },
    { line: { args: [dense, '--tensor-parallel-size=$(GPUS)'] }, says: /no tensor-parallel size as a number/ },
  ])('is refused: $line', ({ line, says }) => {
    expect(commandProblem(line, 4)).toMatch(says);
  });

  it.each([
    { line: { args: [dense, '-tp', '4'] }, gpus: 4 },
    { line: { args: [dense, '-tp=4', '-pp=1', '--data-parallel-size', '1', '--nnodes=1'] }, gpus: 4 },
    { line: { args: [dense, '-tp=4', '--distributed-executor-backend=mp', '--config-format', 'hf'] }, gpus: 4 },
    { line: { args: [dense] }, gpus: 1 },
  ])('is followed: $line on $gpus GPUs', ({ line, gpus }) => {
    expect(commandProblem(line, gpus)).toBeUndefined();
  });
});
