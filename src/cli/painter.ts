/** One screen that is drawn over and over in place, and what was on the terminal before is there again afterwards. */
import type { Screen, Terminal } from './command.ts';
import type { Line, Tone } from './screen.ts';

const escape = '\u001b[';
const otherScreen = { enter: `${escape}?1049h${escape}?25l`, leave: `${escape}?1049l${escape}?25h` };
const toTop = `${escape}H`;
const clearLine = `${escape}K`;
const clearBelow = `${escape}J`;

const colours: Readonly<Record<Tone, string>> = { plain: '', title: '1', good: '32', bad: '31', active: '36', faint: '2' };

export class Painter {
  readonly #terminal: Terminal;
  readonly #draw: (columns: number) => readonly Line[];
  readonly #timer: NodeJS.Timeout;

  /** `draw` is asked again every second, because ages and estimates move by themselves. */
  constructor(terminal: Terminal, draw: (columns: number) => readonly Line[]) {
    this.#terminal = terminal;
    this.#draw = draw;
    this.#timer = setInterval(() => { this.paint(); }, 1000);
    terminal.out(otherScreen.enter);
  }

  paint(): void {
    const screen = this.#terminal.screen();
    if (screen === undefined) return;
    // What does not fit is cut, or the terminal would scroll and the top be lost.
    const lines = this.#draw(screen.columns).slice(0, screen.rows - 1);
    this.#terminal.out(toTop + lines.map((line) => `${painted(line, screen)}${clearLine}\n`).join('') + clearBelow);
  }

  /** Leaves the last picture on the terminal, where it can be scrolled back to. */
  end(): void {
    clearInterval(this.#timer);
    const screen = this.#terminal.screen();
    this.#terminal.out(otherScreen.leave);
    if (screen !== undefined) this.#terminal.out(this.#draw(screen.columns).map((line) => `${painted(line, screen)}\n`).join(''));
  }
}

function painted({ text, tone }: Line, { columns, colour }: Screen): string {
  const fitting = text.slice(0, columns);
  const code = colours[tone];
  return colour && code !== '' ? `${escape}${code}m${fitting}${escape}0m` : fitting;
}
