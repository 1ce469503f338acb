/**
 * Why one pod failed, from all that it shows: its own status, who disrupted it, how its container ended and what the engine wrote.
 *
 * Whoever took the pod away comes first, because the engine then only says that it was interrupted. Then the engine's own word, which
 * names the thing and the remedy. Words are searched last: a log's tail, or an error that the engine did not foresee.
 */
import { engineReasons } from '../../api/conditions.ts';
import { condition, type Pod, type Terminated } from '../kube.ts';
import { engineEnd, parseMessage, type EngineError } from '../engine/messages.ts';
import { clusterFailures, startFailures } from './cluster-failures.ts';
import { exitOf } from './exit-codes.ts';
import { gpuFailures } from './gpu-failures.ts';
import { rowFor, type Failure, type Retry, type Row } from './row.ts';

export interface PodFailure extends Failure {
  readonly retry: Retry;
  readonly node?: string;
  /** Of the table; absent where the engine's own word or its exit code says all. */
  readonly row?: string;
}

/** Whether a reason says why a pod failed; a condition with any other tells of something that is under way. */
export function isSetback(reason: string): boolean {
  return setbacks.has(reason);
}

const setbacks: ReadonlySet<string> = new Set([...engineReasons, ...[...clusterFailures, ...gpuFailures, ...startFailures].map(({ reason }) => reason)]);

/** A termination message may be a log's tail. */
const longestTail = 500;

export function podFailure(pod: Pod): PodFailure {
  const end = engineEnd(pod);
  return byCluster(pod, end) ?? { ...byEngine(pod, end), ...onNode(pod) };
}

function byCluster(pod: Pod, end: Terminated | undefined): PodFailure | undefined {
  const words = pod.status?.message ?? disruption(pod)?.message ?? '';
  const reasons = [disruption(pod)?.reason ?? '', pod.status?.reason ?? '', ...reasonsOf(end)];
  const row = rowFor(clusterFailures, { reasons, text: words });
  return row === undefined ? undefined : fromRow(row, pod, words);
}

function byEngine(pod: Pod, end: Terminated | undefined): PodFailure {
  const said = engineError(end);
  if (said !== undefined && !isVague(said)) return fromEngine(said, end);
  const text = said?.message ?? (end?.message ?? '').trim();
  const row = rowFor([...gpuFailures, ...startFailures], { reasons: reasonsOf(end), text });
  if (row !== undefined) return fromRow(row, pod, said === undefined ? tail(end) : text, end);
  return said === undefined ? fromExit(end) : fromEngine(said, end);
}

/** Its reason says what the engine saw; the words of CUDA in it may say more. */
function isVague({ reason }: EngineError): boolean {
  return reason === 'Internal' || reason === 'GPUFailed';
}

function engineError(end: Terminated | undefined): EngineError | undefined {
  const message = parseMessage(end?.message);
  return message?.kind === 'Error' ? message : undefined;
}

export function disruption({ status }: Pod): { readonly reason?: string; readonly message?: string } | undefined {
  const target = condition(status?.conditions, 'DisruptionTarget');
  return target?.status === 'True' ? target : undefined;
}

function reasonsOf(end: Terminated | undefined): string[] {
  return end?.reason === undefined ? [] : [end.reason];
}

function fromRow({ name, reason, retry, what, remedy }: Row, pod: Pod, words: string, end?: Terminated): PodFailure {
  const ends = exitOf(end?.exitCode).retry;
  const where = pod.spec?.nodeName === undefined ? '' : ` (node ${pod.spec.nodeName})`;
  const said = words === '' ? '.' : `: ${words.replace(/[.\s]*$/, '')}.`;
  // The Job's policy knows exit codes alone, so where one ends the Job the words change nothing.
  return { row: name, reason, retry: ends === 'Try' ? retry : ends, message: `${what}${where}${said} ${remedy}`, ...onNode(pod) };
}

function fromEngine(said: EngineError, end: Terminated | undefined): PodFailure {
  const { reason, retry } = exitOf(end?.exitCode);
  return { reason: engineReasons.find((known) => known === said.reason) ?? reason, retry, message: said.message };
}

function fromExit(end: Terminated | undefined): PodFailure {
  if (end === undefined) return { reason: 'Internal', retry: 'Try', message: 'The pod failed without saying why: kubectl describe pod may.' };
  const words = tail(end) === '' ? '' : `: ${tail(end)}`;
  return { ...exitOf(end.exitCode), message: `The engine ended with exit code ${end.exitCode}${words}. Its log says more: kubectl logs.` };
}

function tail(end: Terminated | undefined): string {
  return (end?.message ?? '').trim().slice(-longestTail);
}

function onNode({ spec }: Pod): { readonly node?: string } {
  return spec?.nodeName === undefined ? {} : { node: spec.nodeName };
}
