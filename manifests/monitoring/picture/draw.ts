/** Panels and what Prometheus answered them, as one SVG in Grafana's grid of 24 columns. */
import { init, use } from 'echarts/core';
import { LineChart } from 'echarts/charts';
import { GridComponent } from 'echarts/components';
import { SVGRenderer } from 'echarts/renderers';
import { valueIn } from './units.ts';

export interface Panel {
  readonly title: string;
  readonly type: 'row' | 'stat' | 'table' | 'timeseries';
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig?: { readonly defaults: { readonly unit: string; readonly custom?: { readonly stacking: object } } };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

export interface Asked {
  readonly legend: string;
  readonly series: readonly { readonly metric: Readonly<Record<string, string>>; readonly values?: readonly [number, string][]; readonly value?: [number, string] }[];
}

export interface Answered {
  readonly panel: Panel;
  readonly asked: readonly Asked[];
}

const cell = { width: 50, height: 26 };
const colors = ['#3274d9', '#e0752d', '#299c46', '#a352cc', '#b58900', '#17a2a2', '#c4162a', '#5f6b7a'];
const ink = { background: '#f4f5f5', panel: '#ffffff', border: '#dce1e6', text: '#24292e', quiet: '#6b7280' };
const secondsOfSteps = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 14_400];
const font = 'font-family="Inter, Helvetica, Arial, sans-serif"';

use([LineChart, GridComponent, SVGRenderer]);

export function drawing(answered: readonly Answered[]): string {
  const height = Math.max(...answered.map(({ panel: { gridPos } }) => gridPos.y + gridPos.h)) * cell.height + 8;
  const width = 24 * cell.width + 8;
  const body = answered.map(({ panel, asked }) => `<g transform="translate(${panel.gridPos.x * cell.width + 8}, ${panel.gridPos.y * cell.height + 8})">${box(panel, asked)}</g>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ${font}><rect width="100%" height="100%" fill="${ink.background}"/>${body.join('\n')}</svg>\n`;
}

function box(panel: Panel, asked: readonly Asked[]): string {
  if (panel.type === 'row') return `<text x="2" y="17" font-size="13" font-weight="600" fill="${ink.text}">${escaped(panel.title)}</text>`;
  const size = { width: panel.gridPos.w * cell.width - 8, height: panel.gridPos.h * cell.height - 8 };
  const frame = `<rect width="${size.width}" height="${size.height}" rx="3" fill="${ink.panel}" stroke="${ink.border}"/><text x="10" y="19" font-size="12" font-weight="600" fill="${ink.text}">${escaped(panel.title)}</text>`;
  return frame + contents[panel.type](panel, asked, size);
}

interface Size {
  readonly width: number;
  readonly height: number;
}

const contents: Readonly<Record<'stat' | 'table' | 'timeseries', (panel: Panel, asked: readonly Asked[], size: Size) => string>> = {
  stat: (panel, asked, { width, height }) => `<text x="${width / 2}" y="${height / 2 + 24}" font-size="44" text-anchor="middle" fill="${colors[2] ?? ''}">${valueIn(unitOf(panel), Number(asked[0]?.series[0]?.value?.[1]))}</text>`,
  table: (panel, asked, { width }) => rowsOf(panel, asked).map((cells, at) => cells.map((text, column) => written(text, column === 0 ? 10 : width - 10 - (cells.length - 1 - column) * 90, 44 + at * 17, column)).join('')).join(''),
  timeseries: (panel, asked, size) => {
    const drawn = drawnOf(asked);
    const key = legendOf(drawn.map(({ name }) => name), size);
    const chart = init(null, null, { renderer: 'svg', ssr: true, width: size.width, height: size.height - 32 - key.height });
    chart.setOption(lines(panel, drawn));
    const svg = chart.renderToSVGString().replace('<svg ', '<svg y="26" ');
    chart.dispose();
    return svg + key.svg;
  },
};

interface Drawn {
  readonly name: string;
  readonly values: readonly [number, string][];
}

function drawnOf(asked: readonly Asked[]): Drawn[] {
  return asked.flatMap(({ legend, series }) => series.map(({ metric, values = [] }) => ({ name: named(legend, metric), values })));
}

/** Laid out here, because the width of a text is known to no renderer without a screen. */
function legendOf(names: readonly string[], { width, height }: Size): { readonly svg: string; readonly height: number } {
  const places: { readonly name: string; readonly x: number; readonly line: number }[] = [];
  let [x, line] = [10, 0];
  for (const name of names) {
    const takes = 30 + 5.8 * name.length;
    if (x + takes > width && x > 10) [x, line] = [10, line + 1];
    places.push({ name, x, line });
    x += takes;
  }
  const top = height - 8 - 14 * line;
  const entries = places.map((place, at) => `<rect x="${place.x}" y="${top + 14 * place.line - 5}" width="12" height="3" fill="${colors[at % colors.length] ?? ''}"/><text x="${place.x + 16}" y="${top + 14 * place.line}" font-size="10" fill="${ink.quiet}">${escaped(place.name)}</text>`);
  return { svg: entries.join(''), height: 14 * (line + 1) };
}

function lines(panel: Panel, drawn: readonly Drawn[]): Parameters<ReturnType<typeof init>['setOption']>[0] {
  const unit = unitOf(panel);
  const label = { color: ink.quiet, fontSize: 10 };
  const splitLine = { show: true, lineStyle: { color: '#eef0f2' } };
  const times = [...new Set(drawn.flatMap(({ values }) => values.map(([time]) => time)))].sort((a, b) => a - b);
  const isStacked = panel.fieldConfig?.defaults.custom?.stacking !== undefined;
  const filled = (values: Drawn['values']) => ({ stack: 'all', step: 'end' as const, areaStyle: { opacity: 0.4 }, data: aligned(values, times) });
  return {
    animation: false,
    useUTC: true,
    color: colors,
    grid: { left: 10, right: 14, top: 6, bottom: 6, outerBoundsMode: 'same' },
    xAxis: { type: 'time', axisLabel: { ...label, formatter: '{HH}:{mm}', hideOverlap: true }, splitLine },
    yAxis: { type: 'value', min: 0, ...ticks(unit, drawn), axisLabel: { ...label, formatter: (value: number) => valueIn(unit, value) }, splitLine },
    series: drawn.map(({ name, values }) => ({ type: 'line' as const, name, showSymbol: false, lineStyle: { width: 1.5 }, ...(isStacked ? filled(values) : { data: withGaps(values) }) })),
  };
}

/** Times read better in steps of their own than in tenths. */
function ticks(unit: string, drawn: readonly Drawn[]): { readonly interval?: number; readonly max?: number } {
  const top = Math.max(...drawn.flatMap(({ values }) => values.map(([, value]) => Number(value))));
  const interval = unit === 's' ? secondsOfSteps.find((step) => top <= 5 * step) : undefined;
  return interval === undefined ? {} : { interval, max: Math.ceil(top / interval) * interval };
}

/** Stacked lines need a value at each time: where a series was absent it counts nothing. */
function aligned(values: readonly (readonly [number, string])[], times: readonly number[]): [number, number][] {
  const known = new Map(values);
  return times.map((time) => [time * 1000, Number(known.get(time) ?? 0)]);
}

/** Where a series was absent the line ends. */
function withGaps(values: readonly (readonly [number, string])[]): [number, number | null][] {
  return values.flatMap(([time, value], at): [number, number | null][] => {
    const last = values[at - 1]?.[0] ?? time;
    const gap: [number, null][] = time - last > 180 ? [[last * 1000 + 1, null]] : [];
    return [...gap, [time * 1000, Number(value)]];
  });
}

/** A row for each series; several queries are columns beside its name. */
function rowsOf(panel: Panel, asked: readonly Asked[]): string[][] {
  const names = (metric: Readonly<Record<string, string>>) => `${metric.namespace ?? ''}/${metric.name ?? ''} ${metric.metric ?? ''}`;
  const [first, ...others] = asked;
  const heading = others.length === 0 ? [] : [['', ...asked.map(({ legend }) => legend)]];
  const rows = (first?.series ?? []).map(({ metric, value }) => {
    if (metric.alertname !== undefined) return [`${metric.alertname} ${metric.name ?? ''}`, metric.severity ?? ''];
    const more = others.map(({ series }) => series.find((other) => names(other.metric) === names(metric))?.value);
    return [names(metric), ...[value, ...more].map((of) => valueIn(unitOf(panel), Number(of?.[1])))];
  });
  return [...heading, ...rows];
}

function written(text: string, x: number, y: number, column: number): string {
  return `<text x="${x}" y="${y}" font-size="11" text-anchor="${column === 0 ? 'start' : 'end'}" fill="${ink.text}">${escaped(text)}</text>`;
}

function unitOf({ fieldConfig }: Panel): string {
  return fieldConfig?.defaults.unit ?? 'none';
}

function named(legend: string, metric: Readonly<Record<string, string>>): string {
  return legend.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => metric[label] ?? '');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
