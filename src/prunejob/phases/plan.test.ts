import { describe, expect, it } from 'vitest';

import { compact } from '../compact.ts';
import { defaultPolicy } from '../policy.ts';
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

  describe('where services have to be offered', () => {
    const policy = { ...defaultPolicy, requireServiceLabel: true };
    const command = 'kubectl --namespace ml label inferenceservice tiny-moe stun-operator.io/allow-prune=true';

    it.each([
      { what: 'one that is not', allowsPrune: false, policy, mode: 'Apply', refused: true },
      { what: 'one that is', allowsPrune: true, policy, mode: 'Apply', refused: false },
      { what: 'one that nothing is written to', allowsPrune: false, policy, mode: 'Emit', refused: false },
      { what: 'one that need not be', allowsPrune: false, policy: defaultPolicy, mode: 'Apply', refused: false },
    ] as const)('refuses $what: $refused', ({ allowsPrune, policy, mode, refused }) => {
      const decision = decided({ spec: { serving: serving({ mode }) }, childJobs: inspected, policy, service: service({ allowsPrune }) });
      expect(condition(decision, 'Planned')?.status).toBe(refused ? 'False' : 'True');
      expect(condition(decision, 'Failed')?.reason).toBe(refused ? 'ServiceNotAllowed' : undefined);
      if (refused) expect(condition(decision, 'Failed')?.message).toContain(command);
    });
  });

  it.each([
    { gpuMemory: '5Mi', planned: 'True' },
    { gpuMemory: undefined, planned: 'False' },
  ])('without rights to the nodes trusts the PruneJob, whose gpuMemory is $gpuMemory', ({ gpuMemory, planned }) => {
    const { sizing } = serving();
    const decision = decided({ spec: { serving: serving({ sizing: compact({ ...sizing, gpuMemory }) }) }, childJobs: inspected, nodes: 'NotRead' });
    expect(condition(decision, 'Planned')?.status, condition(decision, 'Planned')?.message).toBe(planned);
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
