/** A plan for people: before and after side by side, what it saves in a sentence, and which ratio fewer GPUs would need. */
import { ratioAtLeast } from '../prunejob/gpu/experts.ts';
import type { Plan, Strategy, WhatIf } from '../prunejob/gpu/plan-types.ts';
import { ladder } from '../prunejob/gpu/search.ts';
import { bytesText, countText } from '../prunejob/units.ts';

const hoursOfDay = 24;

export function planTable(question: WhatIf, plan: Plan): string {
  const { facts, sizing, strategy } = question;
  const rows = [
    ['', 'before', 'after'],
    ['GPUs', String(plan.gpusBefore), String(plan.gpusAfter)],
    ['experts a layer', String(plan.expertsBefore), String(plan.expertsAfter)],
    ['weights', bytesText(plan.bytesBefore), bytesText(plan.bytesAfter)],
    ['KV cache, tokens', grouped(plan.kvTokensBefore), grouped(plan.kvTokensAfter)],
  ];
  const tokens = sizing.maxModelLen * sizing.maxConcurrency;
  return [
    `${facts.architecture} on GPUs of ${bytesText(sizing.gpuMemory)}, ${grouped(tokens)} tokens asked (${sizing.maxModelLen} × ${sizing.maxConcurrency})`,
    '',
    ...aligned(rows),
    '',
    saving(plan, strategy),
    ...rungs(question, plan),
    '',
  ].join('\n');
}

function saving({ ratio, gpusBefore, gpusAfter, gpusPeak }: Plan, strategy: Strategy): string {
  const saved = gpusBefore - gpusAfter;
  if (saved === 0) return `Ratio ${ratio} leaves it on ${countText(gpusBefore, 'GPU')}.`;
  return `Ratio ${ratio} takes it from ${countText(gpusBefore, 'GPU')} to ${gpusAfter} and saves ${saved * hoursOfDay} GPU-hours a day. The rollout by ${strategy} takes up to ${gpusPeak}.`;
}

function rungs(question: WhatIf, { gpusBefore }: Plan): string[] {
  return ladder(question, gpusBefore).map(({ gpus, experts }) => `${countText(gpus, 'GPU')} at ratio >= ${ratioAtLeast(question.facts, experts)} (${experts} experts a layer)`);
}

function grouped(count: number): string {
  return count.toLocaleString('en-US');
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const width = (column: number): number => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  return rows.map(([name = '', ...cells]) => [name.padEnd(width(0)), ...cells.map((cell, index) => cell.padStart(width(index + 1)))].join('   '));
}
