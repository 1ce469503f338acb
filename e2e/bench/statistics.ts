/** The few numbers that the tables are made of. */

/** By the nearest rank, so that every figure is one that was measured. */
export function percentile(values: readonly number[], percent: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
}

/** Of an even number of values the mean of the two in the middle. */
export function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const [lower, upper] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  return lower === undefined || upper === undefined ? undefined : (lower + upper) / 2;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Of the line of least squares. */
export function slope(points: readonly Point[]): number | undefined {
  const mean = { x: average(points.map(({ x }) => x)), y: average(points.map(({ y }) => y)) };
  const spread = sum(points.map(({ x }) => (x - mean.x) ** 2));
  if (spread === 0) return undefined;
  return sum(points.map(({ x, y }) => (x - mean.x) * (y - mean.y))) / spread;
}

function average(values: readonly number[]): number {
  return sum(values) / Math.max(values.length, 1);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
