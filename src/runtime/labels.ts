/**
 * Label selectors of the simple kind (`key`, `!key`, `key=value`, `key!=value`, joined by commas), judged here as the API server does.
 */
type Labels = Readonly<Record<string, string>>;

const SET_BASED = /[()]| (in|notin) /;

export function selects(selector: string | undefined, labels: Labels = {}): boolean {
  if (selector === undefined || selector === '') return true;
  if (SET_BASED.test(selector)) throw new Error(`The label selector "${selector}" uses sets; write it with "=", "!=", a bare key or "!key".`);
  return selector.split(',').every((requirement) => holds(requirement.trim(), labels));
}

function holds(requirement: string, labels: Labels): boolean {
  const [, key = '', operator, value] = /^(!?[^=!]+?)(!=|==?)?((?<==).*)?$/.exec(requirement) ?? [];
  if (operator === undefined) return key.startsWith('!') ? !(key.slice(1) in labels) : key in labels;
  return (labels[key] === value) === (operator !== '!=');
}
