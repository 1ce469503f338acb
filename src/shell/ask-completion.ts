/**
 * Asks one pod for one token by the OpenAI API.
 *
 * Where the API begins and what the model is called there differs between servers, so the likely places and names are tried until one
 * answers. The address is the pod's own, redirects are not followed, and no more than a few kilobytes are read: pods belong to users.
 */
import type { Endpoint } from '../prunejob/serving/adapter.ts';
import { readText } from './progress-report.ts';

const timeoutMs = 10_000;
const wholeTimeoutMs = 30_000;
const mostListed = 5;
const keyAsked: readonly number[] = [401, 403];

/** The pod cannot be asked, or wants something else first: trying other names is no use. */
class Unaskable extends Error {
  override readonly name = 'Unaskable';
}

interface Place {
  readonly base: string;
  readonly signal: AbortSignal;
}

/** A server that knows its model and fails says more than one that is asked for a name it does not know. */
interface Problem {
  readonly weight: number;
  readonly says: string;
}

interface Reply {
  readonly status: number;
  /** Of a good answer; what is in a bad one is nobody's business. */
  readonly text: string;
}

export async function askByHttp({ url, paths, models }: Endpoint, signal: AbortSignal): Promise<void> {
  const whole = AbortSignal.any([signal, AbortSignal.timeout(wholeTimeoutMs)]);
  const problems: Problem[] = [];
  for (const path of paths) {
    const found = await problemsAt({ base: `${url}${path}`, signal: whole }, models);
    if (found === undefined) return;
    problems.push(...found);
  }
  throw new Error([...problems].sort((a, b) => b.weight - a.weight)[0]?.says);
}

/** By the names that the pod states, then by those that its server tells. */
async function problemsAt(place: Place, models: readonly string[]): Promise<Problem[] | undefined> {
  const stated = await firstAnswer(place, models);
  if (stated === undefined) return undefined;
  const told = await firstAnswer(place, await listed(place, models));
  return told === undefined ? undefined : [...stated, ...told];
}

/** Why none of these names was answered; undefined when one was. */
async function firstAnswer(place: Place, models: readonly string[]): Promise<Problem[] | undefined> {
  const problems: Problem[] = [];
  for (const model of models) {
    const problem = await complete(place, model);
    if (problem === undefined) return undefined;
    problems.push(problem);
  }
  return problems;
}

async function complete(place: Place, model: string): Promise<Problem | undefined> {
  const body = JSON.stringify({ model, prompt: 'Hello', max_tokens: 1, temperature: 0 });
  const { status, text } = await request(place, '/completions', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  if (keyAsked.includes(status)) throw new Unaskable(`answers ${status}: it wants an API key, or another proof of who asks`);
  if (status !== 200) return failedBy(status);
  const { choices } = fieldsOf(text);
  return Array.isArray(choices) && choices.length > 0 ? undefined : { weight: 2, says: 'answers a completion without a choice' };
}

function failedBy(status: number): Problem {
  if (status === 404) return { weight: 0, says: 'has no /v1/completions for its model (404)' };
  return { weight: status >= 500 ? 3 : 1, says: `answers a completion with ${status}` };
}

async function listed(place: Place, tried: readonly string[]): Promise<string[]> {
  const { text } = await request(place, '/models', {});
  const { data } = fieldsOf(text);
  const ids = Array.isArray(data) ? data.map((item: unknown) => (item as { readonly id?: unknown } | null)?.id) : [];
  return ids.filter((id): id is string => typeof id === 'string' && !tried.includes(id)).slice(0, mostListed);
}

function fieldsOf(text: string): { readonly choices?: unknown; readonly data?: unknown } {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

async function request({ base, signal }: Place, path: string, init: RequestInit): Promise<Reply> {
  try {
    const response = await fetch(`${base}${path}`, { ...init, redirect: 'error', signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) });
    if (response.status === 200) return { status: 200, text: await readText(response) };
    await response.body?.cancel();
    return { status: response.status, text: '' };
  } catch (error) {
    throw new Unaskable(unreachable(error as Error));
  }
}

function unreachable({ name, message, cause }: Error): string {
  if (name === 'TimeoutError') return `did not answer within ${timeoutMs / 1000} s`;
  if (!(cause instanceof Error)) return `could not be asked: ${message}`;
  const { code } = cause as Error & { readonly code?: string };
  return `could not be asked: ${code ?? cause.message}`;
}
