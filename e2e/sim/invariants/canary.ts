/**
 * A canary: no service whose run asked for one is touched before a pod of the pruned model was ready beside it, and answered if the service
 * did; and in the end nothing of the canary is left, for it holds GPUs.
 */
import type { PruneJob } from '../../../src/api/v1alpha1/prunejob.ts';
import { isTrue } from '../../../src/prunejob/kube.ts';
import { inferenceServiceType, serviceLabel } from '../../../src/prunejob/serving/kserve-types.ts';
import { deploymentType, podType } from '../../../src/shell/resources.ts';
import type { LivePod } from '../../../src/shell/stores.ts';
import { placeOf } from '../actors/bucket.ts';
import { sourceUri } from '../actors/model-server.ts';
import type { Context, Rule } from './invariant.ts';
import { isOf, isOperator, named, ofModel, receiptOf, shapeOf, type Service } from './questions.ts';

export const canary: Rule = (context) => {
  /** Service and model of every canary's pod that was ever ready. */
  const proved = new Set<string>();
  return {
    committed: ({ type, before, after, by }) => {
      if (after === undefined) return;
      if (isOf({ type }, podType) && isReadyCanary(after)) proved.add(`${serviceNameOf(after)} ${after.metadata.annotations?.[sourceUri] ?? ''}`);
      if (isOf({ type }, inferenceServiceType) && isOperator(by) && before !== undefined) written(context, before, after, proved);
    },
    rested: () => { for (const service of context.server.list(inferenceServiceType)) rested(context, service); },
  };
};

function written(context: Context, before: Service, after: Service, proved: ReadonlySet<string>): void {
  const { name } = after.metadata;
  const owner = named(context, receiptOf(after));
  if (owner?.spec.serving?.strategy === 'Canary' && movesTo(owner, before, after)) moved(context, owner, name, proved);
}

function moved(context: Context, owner: PruneJob, name: string, proved: ReadonlySet<string>): void {
  if (!proved.has(`${name} ${placeOf(owner).uri}`)) context.violated('the canary comes first', `The operator moved service ${name}, and no canary of that model was ever ready.`);
  const silent = context.scenario.prunedModel === 'Mute' && owner.status?.serving?.previous?.answered === true;
  if (silent) context.violated('the canary answers first', `The operator moved service ${name} to a model whose canary answers nobody.`);
}

export function movesTo(pruneJob: PruneJob, before: Service, after: Service): boolean {
  const pruned = ofModel(placeOf(pruneJob).uri, 2);
  return shapeOf(after) === pruned && shapeOf(before) !== pruned;
}

function rested({ server, violated }: Context, { metadata: { name }, spec }: Service): void {
  const left = [...server.list(deploymentType), ...server.list(podType)].filter(({ metadata }) => metadata.name.startsWith(prefixOf(name)));
  if (left.length + (spec?.canary ?? []).length > 0) violated('nothing of the canary is left', `At rest ${name} still has ${spec?.canary === undefined ? '' : 'its entry and '}${left.map(({ metadata }) => metadata.name).join(', ')}.`);
}

function isReadyCanary(pod: LivePod): boolean {
  return pod.metadata.name.startsWith(prefixOf(serviceNameOf(pod))) && isTrue(pod.status?.conditions, 'Ready');
}

function serviceNameOf({ metadata }: LivePod): string {
  return metadata.labels?.[serviceLabel] ?? '';
}

function prefixOf(service: string): string {
  return `${service}-stun-predictor`;
}
