/** The run that the documentation's screen shows: Mixtral-8x22B, an hour after it was asked for. */
import type { Condition, PruneJobSpec } from '../../src/api/v1alpha1/prunejob.ts';
import type { KubeEvent, Seen } from '../../src/cli/follow.ts';

const start = Date.parse('2026-01-01T12:00:00Z');
const at = (minutes: number): string => new Date(start + minutes * 60_000).toISOString();
export const sampleNow = new Date(at(62));

function condition(type: string, status: Condition['status'], minutes: number, message: string): Condition {
  return { type, status, reason: type, message, lastTransitionTime: at(minutes) };
}

function event(minutes: number, reason: string, note: string): KubeEvent {
  return { apiVersion: 'events.k8s.io/v1', kind: 'Event', metadata: { name: reason }, type: 'Normal', reason, note, eventTime: at(minutes) };
}

const plan = 'Ratio 0.25 takes the service from 8 GPUs to 4.';

export const sampleRun: Seen = {
  job: {
    apiVersion: 'stun-operator.io/v1alpha1',
    kind: 'PruneJob',
    metadata: { name: 'mixtral-8x22b-q4', namespace: 'ml', uid: '1', generation: 1, creationTimestamp: at(0) },
    spec: { model: { uri: 's3://models/Mixtral-8x22B-v0.1/' }, output: { uri: 's3://models/pruned/' }, serving: {} } as PruneJobSpec,
    status: {
      phase: 'Pruning',
      conditions: [condition('Planned', 'True', 0.7, plan), condition('Pruned', 'Unknown', 3, 'The engine prunes the model.')],
      plan: { gpus: '8→4', gpusPeak: 16 },
      progress: { percent: 58, stage: 'Weights', layer: 33, layers: 56, estimatedRemainingSeconds: 2580 },
    },
  },
  trouble: () => undefined,
  events: [event(0.7, 'Planned', plan), event(3, 'Running', 'The pod runs. The engine prunes the model.')],
};
