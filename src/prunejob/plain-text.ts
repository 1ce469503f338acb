/**
 * Words of an engine, a kubelet or a model server on their way into a status: whoever reads it in a terminal must see all of them.
 *
 * An escape sequence could clear the screen or write something else over it, and a change of direction shows words in another order.
 */
export function plainText(text: string): string {
  return text.replace(/(?![\n\t])[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, '\uFFFD');
}
