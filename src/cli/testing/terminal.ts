/** A terminal that remembers what was said, and files that are there. */
import { Failed, Refused, type Command, type Screen, type Terminal } from '../command.ts';

export interface Given {
  /** By path; `-` is standard input. */
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Terminal['env'];
  readonly screen?: Screen;
  /** What somebody answers; nobody is there without. */
  readonly answer?: string;
  readonly browser?: boolean;
  readonly stop?: AbortSignal;
}

export interface Said {
  out: string;
  err: string;
  code: number;
  /** The sentence of a refusal. */
  refused: string;
  /** The sentence of a failure. */
  failed: string;
  asked: string;
  opened: string;
}

/** Runs a command as main.ts does. `said` may be looked at while it runs. */
export async function call(command: Command, args: readonly string[], given: Given = {}, said = nothing()): Promise<Said> {
  try {
    said.code = await command.run(args, terminalOf(given, said));
  } catch (error) {
    if (error instanceof Refused) Object.assign(said, { code: 2, refused: error.message });
    else if (error instanceof Failed) Object.assign(said, { code: 1, failed: error.message });
    else throw error;
  }
  return said;
}

export function nothing(): Said {
  return { out: '', err: '', code: -1, refused: '', failed: '', asked: '', opened: '' };
}

export function terminalOf({ files = {}, env = {}, screen, answer, browser = true, stop = new AbortController().signal }: Given, said: Said): Terminal {
  return {
    out: (text) => void (said.out += text),
    err: (text) => void (said.err += text),
    read: (path) => {
      const text = files[path];
      if (text === undefined) throw new Error('no such file');
      return text;
    },
    env,
    screen: () => screen,
    ask: (question) => {
      said.asked += question;
      return Promise.resolve(answer);
    },
    open: (path) => {
      said.opened = path;
      return Promise.resolve(browser);
    },
    stop,
  };
}
