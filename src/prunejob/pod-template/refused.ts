/** A PruneJob whose pod template asks for more than the installation's own engine pods have, and than the administrator allows. */
import type { Failure } from '../failure/failure.ts';
import type { Fields } from '../json-checks.ts';
import { parts } from './installed.ts';
import { findings, type Finding } from './privileges.ts';
import type { Policy } from '../policy.ts';

export interface Templates {
  /** Before anybody else's overlay. */
  readonly ours: Fields;
  /** As this installation has it for every PruneJob. */
  readonly installed: Fields;
  /** With the PruneJob's own overlay. */
  readonly merged: Fields;
}

export function overlayRefused({ ours, installed, merged }: Templates, { podTemplateMay }: Policy): Failure | undefined {
  const [before, after] = [findings(installed), findings(merged)];
  const theirs = without(parts(installed), parts(ours));
  const asked = [...without(after, before).filter((finding) => !isAllowed(finding, podTemplateMay)), ...without(before, after).filter(isReserved), ...without(theirs, parts(merged))];
  return asked.length === 0 ? undefined : { reason: 'PodTemplateNotAllowed', message: sentence(asked) };
}

function without(list: readonly Finding[], others: readonly Finding[]): readonly Finding[] {
  const known = new Set(others.map(identity));
  return list.filter((finding) => !known.has(identity(finding)));
}

/** To take away is to ask for, too: a pod without our labels would work unseen. */
function isReserved({ privilege }: Finding): boolean {
  return privilege === undefined;
}

function isAllowed({ privilege }: Finding, allowed: Policy['podTemplateMay']): boolean {
  return privilege !== undefined && allowed.includes(privilege);
}

function identity({ path, value }: Finding): string {
  return JSON.stringify([path, value]);
}

/** The paths alone: what stands there may be a secret. */
function sentence(asked: readonly Finding[]): string {
  const paths = [...new Set(asked.map(({ path, privilege }) => (privilege === undefined ? path : `${path} (${privilege})`)))].join(', ');
  const missing = [...new Set(asked.flatMap(({ privilege }) => privilege ?? []))].sort();
  const remedy = missing.length === 0 ? '' : ` An administrator may allow ${missing.join(', ')} by the chart's policy.podTemplateMay.`;
  return `runner.podTemplate asks for more than this installation allows: ${paths}. Leave it out of a new PruneJob.${remedy}`;
}
