/** Tells the run as it happens: one line a phase, a bar with stage, layer and ETA while the engine works. */
import { untilFinished, type PruneJob } from '../lib/prunejob.ts';
import { bar, progress, say } from './screen.ts';

export interface Story {
  readonly job: PruneJob;
  /** Seconds spent in each phase but the last, in the order in which they came. */
  readonly phases: ReadonlyMap<string, number>;
}

export async function follow(name: string, namespace: string, timeoutSeconds: number): Promise<Story> {
  const phases = new Map<string, number>();
  let phase = '';
  let since = Date.now();
  let shown = '';

  const enter = (next: string): void => {
    if (phase !== '') phases.set(phase, (phases.get(phase) ?? 0) + (Date.now() - since) / 1000);
    phase = next;
    since = Date.now();
    say(`phase ${next}`);
  };
  const job = await untilFinished(name, namespace, timeoutSeconds, (current) => {
    const next = current.status?.phase ?? 'Pending';
    if (next !== phase) enter(next);
    const line = describe(current);
    if (line !== shown && line !== '') progress(line);
    shown = line;
  });
  return { job, phases };
}

function describe(job: PruneJob): string {
  const now = job.status?.progress;
  if (now?.percent === undefined) return '';
  const layer = now.layer === undefined ? '' : `  layer ${now.layer} of ${now.layers ?? '?'}`;
  const eta = now.estimatedRemainingSeconds === undefined ? '' : `  about ${now.estimatedRemainingSeconds} s left`;
  return `${bar(now.percent)}  ${now.stage ?? ''}${layer}${eta}`;
}
