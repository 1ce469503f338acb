/** A service that cannot be moved by the strategy that was asked for. With mode Emit it is Git that moves it, the service's own way. */
import type { Failure } from './failure.ts';
import type { Run } from './run.ts';
import type { ServiceObserved } from './serving/adapter.ts';

const cost = { Canary: 'needs GPUs for two new replicas', Surge: 'needs GPUs for one new replica', Recreate: 'some downtime' } as const;

export function strategyRefused({ spec: { serving } }: Run, { unsuited }: ServiceObserved): Failure | undefined {
  const why = serving === undefined || serving.mode === 'Emit' ? undefined : unsuited[serving.strategy];
  if (serving === undefined || why === undefined) return undefined;
  const others = (['Canary', 'Surge', 'Recreate'] as const).filter((strategy) => unsuited[strategy] === undefined);
  return { reason: 'UnsupportedService', message: `${serving.ref.kind} ${serving.ref.name} ${why}. Use serving.strategy: ${others.map((strategy) => `${strategy} (${cost[strategy]})`).join(' or ')}.` };
}
