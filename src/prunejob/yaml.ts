/** JSON values as the YAML that people keep in Git. The pure core has no library for it, and writing needs little: only reading YAML is hard. */

export function yaml(value: unknown): string {
  return `${lines(value).join('\n')}\n`;
}

function lines(value: unknown): string[] {
  if (Array.isArray(value) && value.length > 0) return value.flatMap((item) => hung(lines(item), '- '));
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) return [scalar(value)];
  return Object.entries(value).flatMap(([key, inner]) => (isNested(inner) ? [`${scalar(key)}:`, ...hung(lines(inner), '  ', '  ')] : [`${scalar(key)}: ${scalar(inner)}`]));
}

function hung(block: readonly string[], first: string, others = '  '): string[] {
  return block.map((line, index) => (index === 0 ? first : others) + line);
}

function isNested(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

/** A word that YAML would take for something else than itself is quoted; JSON's quotes are YAML's too. */
function scalar(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  if (/^[A-Za-z][A-Za-z0-9_./:-]*[A-Za-z0-9_/-]$/.test(value) && !/^(true|false|null|yes|no|on|off)$/i.test(value)) return value;
  return value.includes('"') && /^[ -~\u00a1-\u2027\u202a-\ud7ff]+$/.test(value) ? `'${value.replaceAll("'", "''")}'` : JSON.stringify(value);
}
