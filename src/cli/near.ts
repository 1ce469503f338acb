/** Which of the names that exist was probably meant. */

const shown = 3;
/** One in so many letters may be wrong. */
const lettersATypo = 3;

/** The nearest first; those that contain what was written, or lie a few letters away. */
export function near(wanted: string, names: readonly string[]): string[] {
  const scored = names.map((name) => ({ name, away: name.includes(wanted) || wanted.includes(name) ? 1 : distance(wanted, name) }));
  const most = Math.ceil(wanted.length / lettersATypo);
  const close = scored.filter(({ name, away }) => away <= Math.min(most, name.length - 1));
  return close.sort((a, b) => a.away - b.away).slice(0, shown).map(({ name }) => name);
}

/** Levenshtein: letters to insert, remove or replace. */
function distance(a: string, b: string): number {
  let previous = [...Array(b.length + 1).keys()];
  for (let row = 0; row < a.length; row++) {
    const current = [row + 1];
    for (let column = 0; column < b.length; column++) {
      const replaced = (previous[column] ?? 0) + (a[row] === b[column] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1));
    }
    previous = current;
  }
  return previous.at(-1) ?? 0;
}
