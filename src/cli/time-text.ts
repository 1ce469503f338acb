/** Times as people read them, in two units at most: 48s, 12m, 3h5m, 2d4h. */

const second = 1000;
const units = [['d', 86_400 * second], ['h', 3600 * second], ['m', 60 * second], ['s', second]] as const;

export function durationText(ms: number): string {
  const index = units.findIndex(([, size]) => ms >= size);
  const [name, size] = units[index] ?? units[3];
  const whole = Math.max(0, Math.floor(ms / size));
  const [finer, part] = units[index + 1] ?? ['', 0];
  // Seconds beside minutes matter only while there are few of them.
  const shown = index >= 0 && part > 0 && (name !== 'm' || whole < 10) ? Math.floor((ms % size) / part) : 0;
  return shown === 0 ? `${whole}${name}` : `${whole}${name}${shown}${finer}`;
}

/** Since then; empty where that was never. */
export function ageText(since: string | undefined, now: Date): string {
  return since === undefined || since === '' ? '' : durationText(now.getTime() - Date.parse(since));
}
