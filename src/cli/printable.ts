/**
 * What others wrote into the cluster, made safe for a terminal.
 *
 * Escape sequences in a field would redraw somebody else's screen (as CVE-2021-25743 of kubectl), and marks of direction would turn a line round.
 */
const unprintable = /(?![\n\t])[\p{Cc}\p{Bidi_Control}]/gu;

export function printable(text: string): string {
  return text.replace(unprintable, '\ufffd');
}
