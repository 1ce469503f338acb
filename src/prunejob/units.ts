/** Kubernetes quantities and durations as numbers, and bytes and counts as people read them. */

const suffixes: Readonly<Record<string, number>> = {
  '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15,
  Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50,
};

/** `80Gi`, `5`, `1.5M` as a number. The CRD has checked the spelling; anything else is NaN, which no comparison accepts. */
export function quantity(value: string | number): number {
  if (typeof value === 'number') return value;
  const match = /^([0-9]+(?:\.[0-9]+)?)([A-Za-z]*)$/.exec(value);
  return match === null ? NaN : Number(match[1]) * (suffixes[match[2] ?? ''] ?? NaN);
}

const unitMs: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000 };

/** `1h30m` in milliseconds. */
export function durationMs(value: string): number {
  return [...value.matchAll(/([0-9]+)([hms])/g)].reduce((sum, [, count, unit]) => sum + Number(count) * (unitMs[unit ?? ''] ?? NaN), 0);
}

const steps = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

export function bytesText(bytes: number): string {
  const step = Math.min(bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10), steps.length - 1);
  const value = bytes / 1024 ** step;
  return `${String(Number(value.toFixed(2)))} ${steps[step] ?? ''}`;
}

/** `1 GPU`, `4 GPUs`. */
export function countText(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
