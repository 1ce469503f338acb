/** The screen of `watch`: a pure function from what was seen to lines, each with a tone that a painter may turn into a colour. */
import type { ProgressStatus, PruneJob } from '../api/v1alpha1/prunejob.ts';
import { plainText } from '../prunejob/plain-text.ts';
import { countText } from '../prunejob/units.ts';
import { eventAt, type KubeEvent, type Seen } from './follow.ts';
import { holds, milestones, type Milestone, type State } from './milestones.ts';
import { ageText, durationText } from './time-text.ts';

export type Tone = 'plain' | 'title' | 'good' | 'bad' | 'active' | 'faint';

export interface Line {
  readonly text: string;
  readonly tone: Tone;
}

const marks: Readonly<Record<State, string>> = { Done: '✓', Active: '●', Waiting: '◌', Failed: '✗', ToCome: '·' };
const tones: Readonly<Record<State, Tone>> = { Done: 'good', Active: 'active', Waiting: 'active', Failed: 'bad', ToCome: 'faint' };
const nameWidth = 'QualityAccepted'.length;
const timeWidth = '59m59s'.length;
const margin = '✓ '.length + nameWidth + 2 + timeWidth + 2;
const eventsShown = 5;
const noOperatorMs = 30_000;

export function watchScreen({ job, events, trouble }: Seen, now: Date, columns: number): Line[] {
  if (job === undefined) return [line('The PruneJob was deleted.', 'bad')];
  return [
    ...heading(job, now),
    line(''),
    ...milestones(job, now).flatMap((milestone) => row(job, milestone, columns)),
    ...figures(job),
    ...recent(events, now, columns),
    ...connection(trouble()),
  ];
}

function connection(trouble: string | undefined): Line[] {
  return trouble === undefined ? [] : [line(''), line(trouble, 'bad')];
}

function heading(job: PruneJob, now: Date): Line[] {
  const { namespace, name, creationTimestamp } = job.metadata;
  const age = ageText(creationTimestamp, now);
  const model = `${job.spec.model.uri} → ${job.status?.result?.uri ?? job.spec.output.uri}`;
  const title = line(`${namespace}/${name}   ${job.status?.phase ?? 'Pending'}   ${age} old`, 'title');
  return [title, line(model, 'faint'), ...nobodyCame(job, now)];
}

/** An operator that runs says something within moments. */
function nobodyCame({ status, metadata }: PruneJob, now: Date): Line[] {
  if (status?.phase !== undefined || now.getTime() - Date.parse(metadata.creationTimestamp) < noOperatorMs) return [];
  return [line('No operator has taken it up. Does one run, and does it watch this namespace? kubectl get deployments -A -l app.kubernetes.io/name=stun-operator', 'bad')];
}

function row(job: PruneJob, { type, state, tookMs, message }: Milestone, columns: number): Line[] {
  const took = tookMs === undefined ? '' : durationText(tookMs);
  const head = `${marks[state]} ${type.padEnd(nameWidth)}  ${took.padStart(timeWidth)}  `;
  const works = type === 'Pruned' && state === 'Active';
  const [first = '', ...more] = [...wrapped(message, columns - margin), ...(works ? progressLines(job.status?.progress, columns - margin) : [])];
  return [line((head + first).trimEnd(), tones[state]), ...more.map((text) => line(' '.repeat(margin) + text, tones[state]))];
}

const barWidth = 24;

/** The bar, and where the engine is: beside it where there is room, below it elsewhere. */
function progressLines(progress: ProgressStatus | undefined, columns: number): string[] {
  if (progress?.percent === undefined) return [];
  const full = Math.round((progress.percent / 100) * barWidth);
  const bar = `${'█'.repeat(full)}${'░'.repeat(barWidth - full)}  ${progress.percent} %`;
  const beside = `${bar}  ${whereabouts(progress)}`.trimEnd();
  return beside.length <= columns ? [beside] : [bar, whereabouts(progress)];
}

export function whereabouts({ stage, layer, layers, estimatedRemainingSeconds }: ProgressStatus): string {
  const at = layer === undefined ? stage : `${stage ?? ''}, layer ${layer} of ${layers ?? '?'}`;
  const left = estimatedRemainingSeconds === undefined ? undefined : `about ${durationText(estimatedRemainingSeconds * 1000)} left`;
  return [at, left].filter((part) => part !== undefined).join(', ');
}

function figures(job: PruneJob): Line[] {
  const { plan, result } = job.status ?? {};
  const rows = [
    ['GPUs', plan?.gpus === undefined ? undefined : `${plan.gpus}${peak(job)}`],
    ['Quality', result?.qualitySummary],
  ].filter(([, value]) => value !== undefined);
  return rows.length === 0 ? [] : [line(''), ...rows.map(([name = '', value = '']) => line(`${name.padEnd(nameWidth + 2)}${value}`))];
}

function peak(job: PruneJob): string {
  const { gpusPeak } = job.status?.plan ?? {};
  return gpusPeak === undefined || holds(job, 'Served') ? '' : ` (the rollout takes up to ${countText(gpusPeak, 'GPU')})`;
}

function recent(events: readonly KubeEvent[], now: Date, columns: number): Line[] {
  const shown = events.slice(-eventsShown).reverse();
  if (shown.length === 0) return [];
  const text = (event: KubeEvent): string => `${ageText(eventAt(event), now).padStart(timeWidth)}  ${event.reason ?? ''}: ${event.note ?? ''}`;
  return [line(''), line('Events', 'title'), ...shown.map((event) => line(cut(text(event), columns), event.type === 'Warning' ? 'bad' : 'faint'))];
}

function line(text: string, tone: Tone = 'plain'): Line {
  return { text: plainText(text).replaceAll('\n', ' '), tone };
}

function cut(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, Math.max(0, columns - 1))}…`;
}

/** At spaces; a word that is longer than a line (a URI) keeps one to itself. */
export function wrapped(text: string, columns: number): string[] {
  const lines: string[] = [];
  let current = '';
  for (const word of text.split(' ')) {
    const longer = current === '' ? word : `${current} ${word}`;
    if (current !== '' && longer.length > columns) lines.push(current);
    current = current !== '' && longer.length > columns ? word : longer;
  }
  return [...lines, current];
}
