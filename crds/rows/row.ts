/** One rule of the CRD: what it refuses, how it says so, and a near neighbour that it lets pass; with the fragments that rows share. */
import { serving, type Fields } from '../fixture.ts';

export interface Row {
  readonly field: string;
  readonly refused: Fields;
  /** Part of the sentence, exactly as the user reads it. */
  readonly says: string;
  /** Absent where only fields of later work would pass. */
  readonly accepted?: Fields;
}

export const wanda = { weights: { method: 'Wanda' } };
export const auto = { split: 'Auto', targetSparsity: 0.4, ...wanda };
export const task = { name: 'arc_easy', uri: 's3://data/arc.jsonl', minRetained: 0.98 };
export const withPruning = (pruning: Fields, rest: Fields = {}): Fields => ({ pruning, ...rest });
export const withExperts = (experts: Fields): Fields => withPruning({ experts });
export const withServing = (fields: Fields): Fields => ({ serving: { ...serving, ...fields } });
export const withSizing = (sizing: Fields): Fields => withServing({ sizing });
export const withRunner = (runner: Fields): Fields => ({ runner });
