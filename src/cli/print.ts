/** An object as it was asked for: its name as kubectl prints it, JSON, or YAML that can go into Git. */
import { dump } from 'js-yaml';

import { group } from '../api/names.ts';

export const objectFormats = ['name', 'json', 'yaml'] as const;
export type ObjectFormat = (typeof objectFormats)[number];

interface Named {
  readonly metadata: { readonly name: string };
}

/** `did` is what kubectl would say behind the name. */
export function objectText(object: Named, format: ObjectFormat, did: string): string {
  if (format === 'json') return `${JSON.stringify(object, undefined, 2)}\n`;
  if (format === 'yaml') return dump(object, { lineWidth: -1 });
  return `prunejob.${group}/${object.metadata.name} ${did}\n`;
}
