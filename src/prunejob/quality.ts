/** The quality in the one line that a printer column has room for. */
import type { Perplexity } from './messages.ts';

export function qualitySummary(perplexity: Perplexity | null | undefined): string | undefined {
  if (perplexity === undefined || perplexity === null) return undefined;
  const { before, after } = perplexity;
  const change = ((after / before - 1) * 100).toFixed(1);
  return `ppl ${before.toFixed(1)} → ${after.toFixed(1)} (${change.startsWith('-') ? '' : '+'}${change} %)`;
}
