/** Facts as `stun inspect` prints them, from a file or from standard input. */
import { missingFacts, type ModelFacts } from '../prunejob/gpu/facts.ts';
import { isObject, type Fields } from '../prunejob/json-checks.ts';
import { Refused, type Terminal } from './command.ts';

const remedy = 'Make it with: stun inspect --model URI > facts.json';

export function readFacts(path: string, terminal: Terminal): ModelFacts {
  const fields = parse(path, read(path, terminal));
  // The engine says why it read no facts in the place where they would be.
  if (fields.kind === 'Error' && typeof fields.message === 'string') throw new Refused(`${nameOf(path)} holds no facts but an error of the engine: ${fields.message}`);
  const missing = missingFacts(fields);
  if (missing.length > 0) throw new Refused(`${nameOf(path)} lacks ${missing.join(', ')}. ${remedy}, with an engine of this release.`);
  return fields as unknown as ModelFacts;
}

function nameOf(path: string): string {
  return path === '-' ? 'Standard input' : path;
}

function read(path: string, terminal: Terminal): string {
  try {
    return terminal.read(path);
  } catch (error) {
    throw new Refused(`${nameOf(path)} cannot be read (${error instanceof Error ? error.message : String(error)}). ${remedy}`);
  }
}

/** The whole text, or its last line: stdout of the engine ends with one line of JSON. */
function parse(path: string, text: string): Fields {
  const lastLine = text.trimEnd().split('\n').at(-1) ?? '';
  const found = [text, lastLine].map(parsed).find(isObject);
  if (found === undefined) throw new Refused(`${nameOf(path)} is no JSON object. ${remedy}`);
  return found;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
