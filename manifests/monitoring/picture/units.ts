/** Values as Grafana would write them, for the units that the dashboard uses. */
const formats: Readonly<Record<string, (value: number) => string>> = {
  none: (value) => plain(value),
  percentunit: (value) => `${plain(value * 100)} %`,
  bytes: (value) => `${plain(value / 2 ** 30)} GiB`,
  ops: (value) => `${plain(value)} /s`,
  reqps: (value) => `${plain(value)} /s`,
  s: (value) => (Math.abs(value) >= 5400 ? `${plain(value / 3600)} h` : Math.abs(value) >= 90 ? `${plain(value / 60)} min` : Math.abs(value) >= 1 || value === 0 ? `${plain(value)} s` : `${plain(value * 1000)} ms`),
};

export function valueIn(unit: string, value: number): string {
  const format = formats[unit];
  if (format === undefined) throw new Error(`No format for the unit ${unit}; add a row to manifests/monitoring/picture/units.ts.`);
  return format(value);
}

function plain(value: number): string {
  return String(Number(value.toPrecision(3)));
}
