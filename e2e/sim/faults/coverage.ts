/** Which fault met which stage of a PruneJob's life, and how often. */
import { lifeStages, type LifeStage } from '../stages.ts';
import { faultKinds, type FaultKind } from './kinds.ts';

export type Cell = `${LifeStage} ${FaultKind}`;
export type Counts = Partial<Record<Cell, number>>;

/** Cells that no schedule can reach, each with the reason. */
export const impossible: Partial<Record<Cell, string>> = {};

export function cells(): readonly { readonly stage: LifeStage; readonly fault: FaultKind }[] {
  return lifeStages.flatMap((stage) => faultKinds.map((fault) => ({ stage, fault }))).filter(({ stage, fault }) => impossible[`${stage} ${fault}`] === undefined);
}

export function add(counts: Counts, more: Counts): void {
  for (const [cell, count] of Object.entries(more) as [Cell, number][]) counts[cell] = (counts[cell] ?? 0) + count;
}

export function below(counts: Counts, least: number): readonly Cell[] {
  return cells().map(({ stage, fault }): Cell => `${stage} ${fault}`).filter((cell) => (counts[cell] ?? 0) < least);
}

export function table(counts: Counts): string {
  const width = Math.max(...faultKinds.map(({ length }) => length)) + 1;
  const head = ' '.repeat(14) + faultKinds.map((fault) => fault.padStart(width)).join('');
  const rows = lifeStages.map((stage) => stage.padEnd(14) + faultKinds.map((fault) => shown(counts, `${stage} ${fault}`).padStart(width)).join(''));
  const reasons = Object.entries(impossible).map(([cell, reason]) => `  ${cell}: ${reason}`);
  return [head, ...rows, ...(reasons.length === 0 ? [] : ['Impossible (–):', ...reasons])].join('\n');
}

function shown(counts: Counts, cell: Cell): string {
  return impossible[cell] === undefined ? `${counts[cell] ?? 0}` : '–';
}
