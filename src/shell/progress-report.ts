/** The answer of an engine's /progress, checked: it comes from a container that the user may have chosen. */

import type { EngineProgress } from '../prunejob/observed.ts';
import { plainText } from '../prunejob/plain-text.ts';

const longestAnswer = 16 * 1024;

export async function readAnswer(response: Response): Promise<string> {
  if (!response.ok) throw new Error(`The answer's status is ${response.status}.`);
  return readText(response);
}

/** Stops reading early: a pod that answers without end must not fill the operator's memory. */
export async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let answer = '';
  for await (const chunk of response.body ?? []) {
    answer += decoder.decode(chunk as Uint8Array, { stream: true });
    if (answer.length > longestAnswer) throw new Error(`The answer is longer than ${longestAnswer} characters.`);
  }
  return answer;
}

/** A value that is missing or of the wrong type counts as unknown: the engine may be newer or older than the operator. */
export function parseProgress(answer: string): EngineProgress {
  const parsed: unknown = JSON.parse(answer);
  if (typeof parsed !== 'object' || parsed === null) throw new Error('The answer is not a JSON object.');
  const fields = parsed as Readonly<Record<string, unknown>>;
  return {
    runKey: text(fields.runKey),
    stage: text(fields.stage),
    layer: amount(fields.layer),
    layers: amount(fields.layers),
    percent: amount(fields.percent, 100),
    estimatedRemainingSeconds: amount(fields.estimatedRemainingSeconds),
    updatedAt: time(fields.updatedAt),
  };
}

/** Whether nothing moved. The estimate and the time of the answer change with every poll and are no news by themselves. */
export function sameStep(a: EngineProgress, b: EngineProgress): boolean {
  return a.runKey === b.runKey && a.stage === b.stage && a.layer === b.layer && a.percent === b.percent;
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value.length <= 32 ? plainText(value) : null;
}

function time(value: unknown): string | null {
  const written = text(value);
  return written === null || Number.isNaN(Date.parse(written)) ? null : `${new Date(written).toISOString().slice(0, 19)}Z`;
}

/** Whole numbers only: the status has no other, and one refused field would lose the whole status write. */
function amount(value: unknown, most = Number.MAX_SAFE_INTEGER): number | null {
  return typeof value === 'number' && value >= 0 && value <= most ? Math.trunc(value) : null;
}
