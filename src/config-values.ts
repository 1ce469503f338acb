/** Checks of single values of the configuration file; each refusal names the key, what it holds and what it must be. */

export type Fields = Readonly<Record<string, unknown>>;

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** `null` counts as absent: that is how YAML reads a key with nothing behind it. */
export function asOptional<T>(value: unknown, key: string, check: (value: unknown, key: string) => T): T | undefined {
  return value === undefined || value === null ? undefined : check(value, key);
}

export function asText(value: unknown, key: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw mismatch(key, value, 'a text that is not empty');
}

export function asList(value: unknown, key: string): string[] {
  if (Array.isArray(value)) return value.map((item, index) => asText(item, `${key}[${index}]`));
  throw mismatch(key, value, 'a list of texts');
}

export function asObject(value: unknown, key: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw mismatch(key, value, 'a mapping of keys to values');
}

export function asOneOf<T extends string>(choices: readonly T[]): (value: unknown, key: string) => T {
  return (value, key) => {
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    throw mismatch(key, value, `one of ${choices.join(', ')}`);
  };
}

export function asListOf<T extends string>(choices: readonly T[]): (value: unknown, key: string) => T[] {
  return (value, key) => asList(value, key).map((item, index) => asOneOf(choices)(item, `${key}[${index}]`));
}

export function asBoolean(value: unknown, key: string): boolean {
  if (typeof value === 'boolean') return value;
  throw mismatch(key, value, 'true or false');
}

export function refuseUnknown(fields: Fields, known: readonly string[], where: string): void {
  const unknown = Object.keys(fields).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw new ConfigError(`The key ${JSON.stringify(unknown)} of ${where} is not known; remove it or use one of ${known.join(', ')}.`);
}

function mismatch(key: string, value: unknown, wanted: string): ConfigError {
  return new ConfigError(`${key} is ${JSON.stringify(value)}; make it ${wanted}.`);
}
