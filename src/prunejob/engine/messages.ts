/**
 * What the engine writes to the termination log, and the only place that trusts it.
 *
 * A message is read from a pod that a user's overlay may have changed, so every field a decision needs is checked here once.
 */
import { missingFacts, type ModelFacts } from '../gpu/facts.ts';
import type { ChildJob } from '../observed.ts';
import { hasNumbers, hasTexts, isListOf, isObject, type Fields } from '../json-checks.ts';
import type { Pod, Terminated } from '../kube.ts';
import { plainText } from '../plain-text.ts';
import { isQuality, type Quality, type TaskScore } from '../quality.ts';

export interface Facts extends ModelFacts {
  readonly kind: 'Facts';
  readonly runKey: string;
  readonly existing: EngineResult | null;
}

export interface EngineResult {
  readonly kind: 'Result';
  readonly runKey: string;
  readonly uri: string;
  readonly manifestDigest: string;
  readonly sparsity: number;
  readonly expertsBefore: number;
  readonly expertsAfter: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly quality: Quality | null;
  readonly stages?: readonly { readonly stage: string; readonly seconds: number }[];
  readonly reused: boolean;
  /** Of the key with which the engine verified what lies there; null where no signature was asked for. */
  readonly signature?: { readonly keyFingerprint: string } | null;
}

/** Of the served models, the one before as the baseline of the one after. */
export interface Evaluation {
  readonly kind: 'Evaluation';
  readonly tasks: readonly TaskScore[];
}

export interface EngineError {
  readonly kind: 'Error';
  readonly reason: string;
  readonly message: string;
}

export type EngineMessage = Facts | EngineResult | Evaluation | EngineError;

const resultNumbers = ['sparsity', 'expertsBefore', 'expertsAfter', 'bytesBefore', 'bytesAfter'] as const;

/** Undefined for anything that is not a complete message: a log tail, a cut-off JSON, another program's text. */
export function parseMessage(text: string | undefined): EngineMessage | undefined {
  const fields = parseObject(text);
  const check = checks.get(fields?.kind);
  return fields !== undefined && check?.(fields) === true ? (fields as unknown as EngineMessage) : undefined;
}

function parseObject(text: string | undefined): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '', (_, inner: unknown) => (typeof inner === 'string' ? plainText(inner) : inner));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isFacts(fields: Fields): boolean {
  const { existing } = fields;
  if (missingFacts(fields).length > 0 || !hasTexts(fields, ['runKey'])) return false;
  return existing === null || (isObject(existing) && isResult(existing));
}

function isResult(fields: Fields): boolean {
  const { quality, stages = [] } = fields;
  const measured = quality === null || (isObject(quality) && isQuality(quality));
  const timed = isListOf(stages, (stage) => hasTexts(stage, ['stage']) && hasNumbers(stage, ['seconds']));
  return measured && timed && isSigned(fields) && hasNumbers(fields, resultNumbers) && hasTexts(fields, ['runKey', 'uri', 'manifestDigest']);
}

/** Engines of older releases do not know of signatures. */
function isSigned({ signature = null }: Fields): boolean {
  return signature === null || (isObject(signature) && hasTexts(signature, ['keyFingerprint']));
}

/** No task is no evaluation, and isQuality lets it be left out. */
function isEvaluation({ tasks }: Fields): boolean {
  return tasks !== undefined && isQuality({ tasks });
}

const checks: ReadonlyMap<unknown, (fields: Fields) => boolean> = new Map([
  ['Facts', isFacts],
  ['Result', isResult],
  ['Evaluation', isEvaluation],
  ['Error', (fields) => hasTexts(fields, ['reason', 'message'])],
]);

export const engineContainer = 'engine';

/** Since when the engine's container runs in this pod. */
export function engineStart(pod: Pod): string | undefined {
  return pod.status?.containerStatuses?.find(({ name }) => name === engineContainer)?.state?.running?.startedAt;
}

/** How the engine's container ended in this pod; undefined while it has not. */
export function engineEnd(pod: Pod): Terminated | undefined {
  const status = pod.status?.containerStatuses?.find((candidate) => candidate.name === engineContainer);
  return status?.state?.terminated ?? status?.lastState?.terminated;
}

/** What the pod that succeeded wrote. */
export function messageOf(child: ChildJob): EngineMessage | undefined {
  const ends = child.pods.map(engineEnd).filter((end) => end?.exitCode === 0);
  return ends.map((end) => parseMessage(end?.message)).find((message) => message !== undefined);
}
