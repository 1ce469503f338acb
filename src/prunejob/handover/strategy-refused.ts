/** A service that cannot be moved by the strategy that was asked for. With mode Emit it is Git that moves it, the service's own way. */
import type { Failure } from '../failure/failure.ts';
import { asksEndpoint } from '../gate.ts';
import type { Run } from '../run.ts';
import type { ServiceObserved } from '../serving/adapter.ts';

const cost = { Canary: 'needs GPUs for two new replicas', Surge: 'needs GPUs for one new replica', Recreate: 'some downtime' } as const;

export function strategyRefused(run: Run, { unsuited }: ServiceObserved): Failure | undefined {
  const { serving } = run.spec;
  const why = serving === undefined || serving.mode === 'Emit' ? undefined : unsuited[serving.strategy];
  if (serving === undefined || why === undefined) return undefined;
  const subject = `${serving.ref.kind} ${serving.ref.name} ${why}`;
  if (asksEndpoint(run)) return { reason: 'UnsupportedService', message: `${subject}, and quality.endpoint asks one. Remove quality.endpoint and use another serving.strategy, in a new PruneJob.` };
  const others = (['Canary', 'Surge', 'Recreate'] as const).filter((strategy) => unsuited[strategy] === undefined);
  return { reason: 'UnsupportedService', message: `${subject}. Use serving.strategy: ${others.map((strategy) => `${strategy} (${cost[strategy]})`).join(' or ')}.` };
}
