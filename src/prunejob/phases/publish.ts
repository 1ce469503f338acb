/** The engine's word is checked against what was asked before anything follows from it: wrong run, wrong place, or a gate it has not passed. */
import type { ConditionUpdate } from '../../api/conditions.ts';
import type { PruneJobStatus, ResultStatus } from '../../api/v1alpha1/prunejob.ts';
import { compact } from '../compact.ts';
import { asksEndpoint, gateRefusal, percent } from '../gate.ts';
import type { EngineResult } from '../engine/messages.ts';
import { qualitySummary, type Quality } from '../quality.ts';
import { rfc3339, type Run } from '../run.ts';
import { publishedUri } from '../engine/storage-paths.ts';
import { dequeued, fail, type Step } from '../step.ts';
import { finished } from './finish.ts';

export function publish(run: Run, result: EngineResult): Step {
  const mismatch = mismatchOf(run, result);
  if (mismatch !== undefined) return fail(run, { reason: 'ResultMismatch', message: mismatch }, 'Pruned');
  const unsigned = unsignedBecause(run, result);
  if (unsigned !== undefined) return fail(run, { reason: 'SignatureInvalid', message: unsigned }, 'Published');
  const refusal = gateRefusal(run.spec.quality, result);
  if (refusal !== undefined) return fail(run, refusal, 'QualityAccepted');
  // Without a service to move, what is published is complete, and one write says both.
  const end = run.spec.serving === undefined ? finished(publishedUri(result.uri)) : undefined;
  return {
    phase: end?.phase ?? 'Published',
    conditions: [...dequeued(run), ...conditions(result), judgement(run, qualitySummary(result.quality)), ...(end?.conditions ?? [])],
    set: {
      runKey: result.runKey,
      result: resultStatus(result),
      progress: { percent: 100, stage: 'Publish', updatedAt: rfc3339(run.now) },
    },
  };
}

function mismatchOf({ spec, status }: Run, result: EngineResult): string | undefined {
  const uri = publishedUri(result.uri);
  const folder = spec.output.uri.replace(/\/*$/, '/');
  const said = 'The engine reported';
  const remedy = 'Check that runner.image is a STUN engine of this release; the service is untouched.';
  if (status.runKey !== undefined && result.runKey !== status.runKey) return `${said} run ${result.runKey}, but this run is ${status.runKey}. ${remedy}`;
  if (!/^sha256:[0-9a-f]{64}$/.test(result.manifestDigest)) return `${said} no digest of the manifest but "${result.manifestDigest.slice(0, 100)}". ${remedy}`;
  if (!uri.startsWith(folder) || !uri.endsWith(`/${result.runKey}/`)) return `${said} a model at ${uri}, which is not the place of this run under ${folder}. ${remedy}`;
  const tooBig = largerThanPlanned(status.plan, result);
  return tooBig === undefined ? undefined : `${said} ${tooBig}, so the model might not fit the planned GPUs. ${remedy}`;
}

/** Whatever image answered: without the fingerprint of a key it has verified nothing, and an unsigned model must not be served. */
function unsignedBecause({ spec }: Run, { uri, signature }: EngineResult): string | undefined {
  if (spec.output.signing === undefined || /^sha256:[0-9a-f]{64}$/.test(signature?.keyFingerprint ?? '')) return undefined;
  return `The model at ${publishedUri(uri)} brings no verified signature, which output.signing asks for. Check that runner.image is a STUN engine of this release; the service is untouched.`;
}

/** Without a service there is no plan, and nothing that the model must fit. */
function largerThanPlanned(plan: PruneJobStatus['plan'], result: EngineResult): string | undefined {
  const { expertsAfter = Infinity, bytesAfter = Infinity } = plan ?? {};
  if (result.expertsAfter > expertsAfter) return `${result.expertsAfter} experts where the plan has ${expertsAfter}`;
  return result.bytesAfter > bytesAfter ? `${result.bytesAfter} bytes of weights where the plan has ${bytesAfter}` : undefined;
}

function conditions(result: EngineResult): ConditionUpdate[] {
  const uri = publishedUri(result.uri);
  return [
    { type: 'Pruned', status: 'True', reason: result.reused ? 'Reused' : 'Pruned', message: result.reused ? `The result of this run was published already at ${uri}.` : `${kept(result)}; overall sparsity ${percent(result.sparsity)}.` },
    { type: 'Published', status: 'True', reason: 'Published', message: `Published at ${uri} with manifest ${result.manifestDigest}${signedBy(result)}.` },
  ];
}

function signedBy({ signature }: EngineResult): string {
  return signature == null ? '' : `, signed with the key ${signature.keyFingerprint}`;
}

function judgement(run: Run, summary: string | undefined): ConditionUpdate {
  const type = 'QualityAccepted';
  const measured = summary === undefined ? '' : `${summary}. `;
  if (asksEndpoint(run)) return { type, status: 'Unknown', reason: 'Evaluating', message: `${measured}The tasks of quality.endpoint are asked of the canary before the service moves.` };
  if (summary === undefined) return { type, status: 'True', reason: 'NotMeasured', message: 'No quality gate was asked for.' };
  return { type, status: 'True', reason: 'Accepted', message: `${summary}.` };
}

function kept({ expertsBefore, expertsAfter }: EngineResult): string {
  return expertsBefore === 0 ? 'Zeroed weights of a dense model' : `Kept ${expertsAfter} of ${expertsBefore} experts a layer`;
}

function resultStatus(result: EngineResult): ResultStatus {
  const { manifestDigest, sparsity, expertsBefore, expertsAfter, bytesBefore, bytesAfter, quality, stages, reused, signature } = result;
  return compact({
    uri: publishedUri(result.uri), manifestDigest, sparsity, expertsBefore, expertsAfter, bytesBefore, bytesAfter, reused,
    quality: quality === null ? undefined : qualityStatus(quality),
    qualitySummary: qualitySummary(quality),
    stages: stages === undefined ? undefined : [...stages],
    signature: signature == null ? undefined : { keyFingerprint: signature.keyFingerprint },
  });
}

/** By name, because the engine may tell more than the status has a place for. */
function qualityStatus({ perplexity, tasks }: Quality): NonNullable<ResultStatus['quality']> {
  const scores = tasks?.map(({ name, questions, before, after, retained, lowerBound, accepted }) => ({ name, questions, before, after, retained, lowerBound, accepted }));
  return compact({ perplexity: perplexity ?? undefined, tasks: scores });
}
