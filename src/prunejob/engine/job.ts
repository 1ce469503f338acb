/**
 * A stage of a PruneJob as a batch/v1 Job: its name and owner, how long it may take, and how its failures count.
 *
 * Built once and never applied again: Kueue and the Job controller edit the template after creation.
 */
import { apiVersion, childLabels, childName, kind, type Stage } from '../../api/names.ts';
import type { PruneJob } from '../../api/v1alpha1/prunejob.ts';
import type { KubeObject, Metadata } from '../kube.ts';
import { engineContainer } from './messages.ts';
import { podSpec, type EngineJobOptions } from './pod.ts';
import { finalExitCodes } from '../failure/exit-codes.ts';
import { overlay } from '../pod-template/overlay.ts';
import type { Templates } from '../pod-template/refused.ts';
import { queueLabels } from '../queue/kueue.ts';
import { durationMs } from '../units.ts';

type Fields = Readonly<Record<string, unknown>>;

const cleanDeadlineSeconds = 600;

export function engineJob(options: EngineJobOptions): KubeObject {
  const { pruneJob, stage, attempt } = options;
  const { name, namespace, uid } = pruneJob.metadata;
  const template = podTemplates(options).merged;
  const queue = queued(options, template);
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: childName(name, stage, attempt),
      namespace,
      labels: { ...queue.labels, ...childLabels(pruneJob.metadata, stage, attempt) },
      ownerReferences: [{ apiVersion, kind, name, uid, controller: true }],
    },
    spec: { ...queue.spec, ...jobPolicy(options), template },
  };
}

/** Suspended from the first moment on: where Kueue is away, or does not look at this namespace, its Job must not start past the queue. */
function queued({ pruneJob, stage }: EngineJobOptions, template: Fields): { readonly labels?: Record<string, string>; readonly spec?: Fields } {
  const { queueName } = pruneJob.spec.runner;
  // The other stages hold no GPU, and one of them runs while the service waits for it.
  if (stage !== 'prune' || queueName === undefined) return {};
  const { labels = {} } = (template.metadata ?? {}) as Partial<Metadata>;
  return { labels: queueLabels(queueName, labels), spec: { suspend: true } };
}

function jobPolicy({ pruneJob, stage }: EngineJobOptions): Fields {
  const { runner } = pruneJob.spec;
  return {
    // No ttlSecondsAfterFinished yet: a Job that vanishes before its result is read would run again.
    activeDeadlineSeconds: deadlineSeconds(pruneJob, stage),
    backoffLimit: runner.backoffLimit,
    // Never two pods at once: both would write the same scratch and the same prefix.
    podReplacementPolicy: 'Failed',
    podFailurePolicy: {
      rules: [
        // First, so that a preempted or drained pod never uses up a try.
        { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
        { action: 'FailJob', onExitCodes: { containerName: engineContainer, operator: 'In', values: finalExitCodes } },
      ],
    },
  };
}

/** May change while the Job runs. */
export function deadlineSeconds({ spec }: PruneJob, stage: Stage): number {
  return stage === 'clean' ? cleanDeadlineSeconds : Math.ceil(durationMs(spec.runner.activeDeadline) / 1000);
}

/** Ours, then the installation's overlay, then the PruneJob's: the one who knows the run best has the last word, within the policy. */
export function podTemplates(options: EngineJobOptions): Templates {
  const { pruneJob, stage, attempt, engine } = options;
  const ours: Fields = { metadata: { labels: childLabels(pruneJob.metadata, stage, attempt) }, spec: podSpec(options) };
  const installed = overlay(ours, engine.podTemplate ?? {});
  return { ours, installed, merged: overlay(installed, pruneJob.spec.runner.podTemplate ?? {}) };
}
