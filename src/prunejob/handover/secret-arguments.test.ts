import { describe, expect, it } from 'vitest';

import { secretArguments } from './secret-arguments.ts';
import { pruneJob, service, serving } from '../testing/builders.ts';
import { publishing } from '../testing/emitting.ts';
import { World } from '../testing/world.ts';

function asking(): Parameters<typeof secretArguments>[0] {
  return { spec: publishing().pruneJob.spec } as Parameters<typeof secretArguments>[0];
}

function flagged(...args: string[]): string | undefined {
  return secretArguments(asking(), service({ fields: { ...service().fields, args } }))?.message;
}

describe('an argument that holds a secret in clear', () => {
  it.each([
    [['--api-key=sk-1'], '--api-key'],
    [['--api-key', 'sk-1'], '--api-key'],
    [['--api-key="sk-1"'], '--api-key'],
    [['vllm serve /m --api_key sk-1'], '--api_key'],
    [['--port=1', '--hf-token=sk-1'], '--hf-token'],
    [['--token=sk-1'], '--token'],
    [['--aws-session-token', 'sk-1'], '--aws-session-token'],
    [['--ssl-password=sk-1'], '--ssl-password'],
    [['--s3-secret-key=sk-1'], '--s3-secret-key'],
    [['--model-loader-extra-config.s3_secret_access_key=sk-1'], '--model-loader-extra-config.s3_secret_access_key'],
    [['--model-loader-extra-config', '{"stream": true, "s3_secret_access_key": "sk-1"}'], 's3_secret_access_key'],
    [['--extra={"loader":"{\\"secretAccessKey\\":\\"sk-1\\"}"}'], 'secretAccessKey'],
    [["--extra={'token': 'sk-1'}"], 'token'],
    [['sh', '-c', 'export HF_TOKEN=sk-1; vllm serve /m'], 'HF_TOKEN'],
    [['--otlp-traces-endpoint=https://user:sk-1@traces.example/v1'], 'the password of a URL'],
    [['--redis', 'redis://:sk-1@cache:6379'], 'the password of a URL'],
  ])('is found in %j', (args, named) => {
    expect(flagged(...args)).toContain(`${named} in clear`);
    expect(flagged(...args)).not.toContain('sk-1');
  });

  it('is found in the address of the model', () => {
    expect(secretArguments(asking(), service({ fields: { ...service().fields, modelUri: 'https://user:sk-1@models.example/m' } }))?.message).toContain('the password of a URL');
  });

  it.each([
    [['--api-key=$(VLLM_API_KEY)']],
    [['--api-key', '$(KEY)']],
    [['--api-key="$(KEY)"']],
    [['--max-num-batched-tokens=8192']],
    [['--enable-auto-tool-choice', '--max-num-seqs', '8']],
    [['--tokenizer=/m', '--tokenizer-mode', 'auto']],
    [['--secretive=1']],
    [['--hf-overrides={"bos_token": "<s>", "eosToken": "</s>", "max_tokens": 5}']],
    [['--override.eos_token=</s>']],
    [['--model-loader-extra-config', '{"s3_secret_access_key": "$(SECRET)", "s3_access_key_id": "id"}']],
    [['--extra={"token": "", "password": null}']],
    [['--otlp-traces-endpoint=http://traces.example:4318/v1', '--proxy=http://$(USER):$(PASSWORD)@proxy:3128']],
    [['--lora-modules', 'a=s3://bucket/a:b@c']],
  ])('is not %j', (args) => {
    expect(flagged(...args)).toBeUndefined();
  });
});

describe('a service with one', () => {
  const leaking = service({ fields: { ...service().fields, args: ['--tensor-parallel-size=4', '--api-key=sk-1'] } });

  it.each(['Apply', 'Emit'] as const)('is refused at plan, with mode %s', (mode) => {
    const world = new World({ pruneJob: pruneJob({ spec: { serving: serving({ mode }) } }), service: leaking });
    world.settle();
    world.inspected();
    world.settle();
    expect(world.condition('Failed')).toMatchObject({ reason: 'UnsupportedService', message: expect.stringContaining('--api-key') as string });
    expect(JSON.stringify(world.pruneJob.status)).not.toContain('sk-1');
  });

  it.each(['Apply', 'Emit'] as const)('is refused before anything of it is saved where it came later, with mode %s', (mode) => {
    const world = publishing({ mode });
    world.changeService({ fields: leaking.fields });
    world.settle();
    expect(world.condition('Failed')?.reason).toBe('UnsupportedService');
    expect([JSON.stringify(world.pruneJob.status).includes('sk-1'), world.configMaps.size]).toEqual([false, 0]);
  });

  it('is put back where it came after the fields were saved', () => {
    const world = publishing({ mode: 'Apply', strategy: 'Canary' });
    while (world.pruneJob.status?.serving?.previous === undefined) world.reconcile();
    world.changeService({ fields: leaking.fields });
    world.settle();
    world.pass(3600);
    world.settle();
    expect(world.condition('Failed')?.message).toContain('in clear');
    expect(JSON.stringify(world.pruneJob.status)).not.toContain('sk-1');
  });
});
