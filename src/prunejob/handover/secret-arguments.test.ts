import { describe, expect, it } from 'vitest';

import { secretArguments } from './secret-arguments.ts';
import { pruneJob, service, serving } from '../testing/builders.ts';
import { publishing } from '../testing/emitting.ts';
import { World } from '../testing/world.ts';

function flagged(...args: string[]): string | undefined {
  const world = publishing();
  const run = { spec: world.pruneJob.spec } as Parameters<typeof secretArguments>[0];
  return secretArguments(run, service({ fields: { ...service().fields, args } }))?.message;
}

describe('an argument that holds a secret in clear', () => {
  it.each([
    [['--api-key=sk-1']], [['--api-key', 'sk-1']], [['vllm serve /m --api_key sk-1']], [['--port=1', '--hf-token=hf_1']], [['--ssl-password=x']], [['--s3-secret-key=x']],
  ])('is found in %j', (args) => {
    expect(flagged(...args)).toContain('in clear');
    expect(flagged(...args)).not.toMatch(/sk-1|hf_1/);
  });

  it.each([
    [['--api-key=$(VLLM_API_KEY)']], [['--api-key', '$(KEY)']], [['--max-num-batched-tokens=8192']], [['--enable-auto-tool-choice', '--max-num-seqs', '8']], [['--tokenizer=/m']], [['--secretive=1']],
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
