/** A run shown while it goes on: redrawn in place on a terminal, line by line elsewhere, as lines of JSON where asked. */
import type { PruneJob } from '../api/v1alpha1/prunejob.ts';
import { plainText } from '../prunejob/plain-text.ts';
import type { Cluster } from './cluster.ts';
import type { Terminal } from './command.ts';
import { follow, type Seen } from './follow.ts';
import { Painter } from './painter.ts';
import { watchScreen } from './screen.ts';
import { news } from './story.ts';

export type ShowFormat = 'screen' | 'json';
export const showFormats: readonly ShowFormat[] = ['screen', 'json'];

interface How {
  readonly format: ShowFormat;
  readonly done: (job: PruneJob) => boolean;
}

/** Undefined in the end: the PruneJob was deleted. */
export async function show(cluster: Cluster, job: PruneJob, terminal: Terminal, { format, done }: How): Promise<PruneJob | undefined> {
  const shown = shownBy(format, terminal);
  try {
    return (await follow(cluster, job, { changed: shown.changed, done, stop: terminal.stop })).job;
  } finally {
    shown.end();
  }
}

interface Shown {
  readonly changed: (seen: Seen) => void;
  readonly end: () => void;
}

function shownBy(format: ShowFormat, terminal: Terminal): Shown {
  if (format === 'json') return asJson(terminal);
  return terminal.screen() === undefined ? asLines(terminal) : asScreen(terminal);
}

function asScreen(terminal: Terminal): Shown {
  let latest: Seen | undefined;
  const painter = new Painter(terminal, (columns) => (latest === undefined ? [] : watchScreen(latest, new Date(), columns)));
  return {
    changed: (seen) => {
      latest = seen;
      painter.paint();
    },
    end: () => { painter.end(); },
  };
}

function asLines(terminal: Terminal): Shown {
  let before: PruneJob | undefined;
  let trouble: string | undefined;
  const say = (text: string): void => { terminal.out(`${new Date().toISOString().slice(0, 19)}Z ${plainText(text)}\n`); };
  return {
    changed: (seen) => {
      const now = seen.trouble();
      if (now !== undefined && now !== trouble) terminal.err(`${now}\n`);
      trouble = now;
      if (seen.job === undefined) say('The PruneJob was deleted.');
      else for (const text of news(before, seen.job)) say(text);
      before = seen.job;
    },
    end: () => undefined,
  };
}

/** As `kubectl get -w -o json`, but one line each, so that a program reads them one by one. */
function asJson(terminal: Terminal): Shown {
  let told: PruneJob | undefined;
  return {
    changed: ({ job }) => {
      if (job !== undefined && job !== told) terminal.out(`${JSON.stringify(job)}\n`);
      told = job;
    },
    end: () => undefined,
  };
}
