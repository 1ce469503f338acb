/** What the engine measured before and after pruning, and the one line of it that a printer column has room for. */
import { compact } from './compact.ts';
import { hasNumbers, hasTexts, isListOf, isObject, type Fields } from './json-checks.ts';

export interface Perplexity {
  readonly before: number;
  readonly after: number;
  readonly increase: number;
  readonly upperBound: number;
  readonly tokens: number;
  readonly accepted: boolean;
}

export interface TaskScore {
  readonly name: string;
  readonly questions: number;
  readonly before: number;
  readonly after: number;
  /** Share of the dense model's score that remains. */
  readonly retained: number;
  /** Of its 95 % interval, which the gate compares. */
  readonly lowerBound: number;
  readonly accepted: boolean;
}

export interface Quality {
  readonly perplexity?: Perplexity | null;
  readonly tasks?: readonly TaskScore[];
}

/** With what the served models answered, where they were asked. */
export interface Measured extends Quality {
  readonly endpoint?: { readonly tasks: readonly TaskScore[] };
}

export function isQuality({ perplexity, tasks }: Fields): boolean {
  const measured = perplexity === undefined || perplexity === null || (isObject(perplexity) && isPerplexity(perplexity));
  return measured && (tasks === undefined || isListOf(tasks, isTaskScore));
}

/** Pruning may also lower the perplexity, so a change may be negative. */
function isPerplexity(fields: Fields): boolean {
  const { accepted, increase, upperBound } = fields;
  return typeof accepted === 'boolean' && hasNumbers(fields, ['before', 'after', 'tokens']) && [increase, upperBound].every(Number.isFinite);
}

/** So may the bound, where few questions say little. */
function isTaskScore(fields: Fields): boolean {
  const { accepted, lowerBound } = fields;
  return typeof accepted === 'boolean' && hasTexts(fields, ['name']) && hasNumbers(fields, ['questions', 'before', 'after', 'retained']) && Number.isFinite(lowerBound);
}

export function qualitySummary(quality: Measured | null | undefined): string | undefined {
  const served = tasksSummary(quality?.endpoint?.tasks ?? []);
  const parts = [perplexitySummary(quality?.perplexity), tasksSummary(quality?.tasks ?? []), served && `served ${served}`].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.join(', ');
}

/** Without what the served models answered: known when the canary starts, and the same ever after. */
export function streamedSummary(quality: object | undefined): string | undefined {
  return qualitySummary(compact({ ...(quality as Measured | undefined), endpoint: undefined }));
}

function perplexitySummary(perplexity: Perplexity | null | undefined): string | undefined {
  if (perplexity === undefined || perplexity === null) return undefined;
  const { before, after } = perplexity;
  return `ppl ${before.toFixed(1)} → ${after.toFixed(1)} (${change(before, after)} %)`;
}

/** The mean over the tasks, as papers report it. */
function tasksSummary(tasks: readonly TaskScore[]): string | undefined {
  if (tasks.length === 0) return undefined;
  const [before, after] = [mean(tasks.map((task) => task.before)), mean(tasks.map((task) => task.after))];
  const what = tasks.length === 1 ? (tasks[0]?.name ?? '') : `${tasks.length} tasks`;
  return `${what} ${before.toFixed(3)} → ${after.toFixed(3)} (${change(before, after)} %)`;
}

function change(before: number, after: number): string {
  const percent = ((after / before - 1) * 100).toFixed(1);
  return percent.startsWith('-') ? percent : `+${percent}`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
