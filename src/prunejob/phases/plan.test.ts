import { describe, expect, it } from 'vitest';

import { compact } from '../compact.ts';
import { facts, result, service, serving, spec, succeeded } from '../testing/builders.ts';
import { condition, decided } from '../testing/decided.ts';

describe('plan', () => {
  const inspected = [succeeded('inspect', facts())];
  const gitOwners = [{ manager: 'argocd-controller', fields: ['spec.predictor.model.storageUri'] }];

  it('refuses fields that Git owns, and names the ways out', () => {
    const decision = decided({ childJobs: inspected, service: service({ gitOwners }) });
    expect(condition(decision, 'Failed')).toMatchObject({ reason: 'FieldsOwnedByGit', message: expect.stringMatching(/argocd-controller.*Emit.*git-ignores-fields/) as string });
  });

  it('goes on where Git ignores them', () => {
    expect(condition(decided({ childJobs: inspected, service: service({ gitOwners, gitIgnoresFields: true }) }), 'Planned')?.status).toBe('True');
  });

  it.each([
    { strategy: 'Recreate', unsuited: { Recreate: 'has no such field' }, says: /^InferenceService .* has no such field\. Use serving.strategy: Canary \(.*\) or Surge \(needs GPUs for one new replica\)\.$/ },
    { strategy: 'Canary', unsuited: { Canary: 'takes no canary' }, says: /takes no canary\. Use serving.strategy: Surge \(.*\) or Recreate \(some downtime\)\.$/ },
    { strategy: 'Surge', unsuited: { Canary: 'takes no canary' }, says: undefined },
  ] as const)('$strategy where the service is unsuited to $unsuited: $says', ({ strategy, unsuited, says }) => {
    const failed = condition(decided({ spec: { serving: serving({ strategy }) }, childJobs: inspected, service: service({ unsuited }) }), 'Failed');
    if (says === undefined) expect(failed).toBeUndefined();
    else expect(failed?.message).toMatch(says);
  });

  it('refuses a service that it cannot move', () => {
    const refusal = { reason: 'UnsupportedService', message: 'It is stopped.' } as const;
    expect(condition(decided({ service: service({ refusal }) }), 'Failed')).toMatchObject(refusal);
  });

  it('refuses to guess the memory of a GPU', () => {
    expect(condition(decided({ childJobs: inspected, nodes: [] }), 'Failed')).toMatchObject({ reason: 'GPUsUnavailable', message: expect.stringContaining('gpuMemory') as string });
  });

  it('does not know the run while only the plan decides its ratio', () => {
    const { pruning } = spec();
    const open = compact({ ...pruning.experts, ratio: undefined });
    const decision = decided({ childJobs: [succeeded('inspect', facts({ existing: result() }))], spec: { pruning: { ...pruning, targetGPUs: 2, experts: open } } });
    expect(decision.status).toMatchObject({ phase: 'Planned', plan: { ratio: 0.25, gpus: '4→2' } });
    expect(decision.status.runKey).toBeUndefined();
    expect(decision.status.result).toBeUndefined();
  });
});
