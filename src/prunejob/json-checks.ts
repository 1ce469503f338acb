/** Questions to parsed JSON of unknown make. */

export type Fields = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** All there, finite and not negative. */
export function hasNumbers(fields: Fields, names: readonly string[]): boolean {
  return names.every((name) => typeof fields[name] === 'number' && Number.isFinite(fields[name]) && fields[name] >= 0);
}

export function hasTexts(fields: Fields, names: readonly string[]): boolean {
  return names.every((name) => typeof fields[name] === 'string' && fields[name] !== '');
}

/** A list of objects that all pass. */
export function isListOf(value: unknown, passes: (item: Fields) => boolean): boolean {
  return Array.isArray(value) && value.every((item) => isObject(item) && passes(item));
}
