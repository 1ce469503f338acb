/** What a run of the benchmark measures, from the environment: `SIZES="100" PAIRS=1` is the quick form. */

export interface Load {
  readonly size: number;
  /** Objects created a second. */
  readonly rate: number;
}

export interface Options {
  readonly loads: readonly Load[];
  /** How often every contender takes its turn; the tables show medians. */
  readonly pairs: number;
  readonly contenders: readonly string[];
  /** How often a leader is killed; 0 leaves that part out. */
  readonly takeovers: number;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export function readOptions(env: Environment, known: readonly string[]): Options {
  const contenders = words(env.CONTENDERS) ?? known;
  const unknown = contenders.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`CONTENDERS names ${unknown}, which is none of: ${known.join(', ')}.`);
  const rate = count(env, 'RATE', 50);
  const calm = { size: count(env, 'CALM', 50), rate: 5 };
  const sizes = (words(env.SIZES) ?? ['100', '1000', '5000']).map((size) => ({ size: asCount('SIZES', size), rate }));
  const pairs = count(env, 'PAIRS', 5);
  return { loads: [calm, ...sizes].filter(({ size }) => size > 0), pairs, contenders, takeovers: count(env, 'TAKEOVERS', pairs) };
}

export function count(env: Environment, name: string, otherwise: number): number {
  return env[name] === undefined || env[name] === '' ? otherwise : asCount(name, env[name]);
}

function asCount(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0) return value;
  throw new Error(`${name} holds ${JSON.stringify(text)}, which is no count; write whole numbers from 0.`);
}

function words(text: string | undefined): string[] | undefined {
  const found = (text ?? '').split(/[\s,]+/).filter(Boolean);
  return found.length === 0 ? undefined : found;
}
