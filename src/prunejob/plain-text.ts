/**
 * Words of an engine, a kubelet, a model server or the author of a PruneJob: whoever reads them in a terminal must see all of them.
 *
 * An escape sequence could clear the screen or write something else over it (as CVE-2021-25743 of kubectl), and a change of direction shows
 * words in another order.
 */
export function plainText(text: string): string {
  return text.replace(/(?![\n\t])[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, '\uFFFD');
}
