/** A plan with no service at hand: the dense model on the fewest GPUs that hold it stands for the service. */
import { cacheBytes, gpusNeeded, splitWarnings, tensorParallelSizes } from './fit.ts';
import { planGPUs } from './plan.ts';
import type { Plan, PlanRefusal, WhatIf } from './plan-types.ts';
import { notMoE } from './refusals.ts';
import { ladder } from './search.ts';
import { bytesText } from '../units.ts';

/** With neither a ratio nor a target: the smallest ratio that saves a GPU. */
export function planWithoutService(question: WhatIf): Plan | PlanRefusal {
  const { facts, sizing, asked } = question;
  if (facts.experts === 0) return notMoE(facts);
  const before = gpusNeeded(facts, sizing, facts.bytes.total);
  if (before === undefined) return fitsNowhere(question);
  const open = asked.ratio === undefined && asked.targetGPUs === undefined;
  const [first] = open ? ladder(question, before) : [];
  const outcome = planGPUs({
    ...question,
    service: { replicas: 1, gpusPerReplica: before },
    asked: { ...asked, ...(first === undefined ? {} : { targetGPUs: first.gpus }), requireSaving: true },
    allocatableGPUs: Infinity,
  });
  // A running service proves that its size works; one that is only counted proves nothing.
  return 'refused' in outcome ? outcome : { ...outcome, warnings: [...splitWarnings(facts, before), ...outcome.warnings] };
}

function fitsNowhere({ facts, sizing }: WhatIf): PlanRefusal {
  const most = Math.max(...tensorParallelSizes(facts));
  return {
    refused: 'GPUsUnavailable',
    message:
      `${facts.architecture} splits over at most ${most} GPUs, and even so many of ${bytesText(sizing.gpuMemory)} do not hold its weights of ${bytesText(facts.bytes.total)} with ` +
      `KV cache for ${sizing.maxModelLen} × ${sizing.maxConcurrency} tokens (${bytesText(cacheBytes(facts, sizing))}). Lower serving.sizing.maxModelLen or serving.sizing.maxConcurrency, or plan with larger GPUs.`,
  };
}
