import { describe, expect, it } from 'vitest';

import type { Condition } from '../api/v1alpha1/prunejob.ts';
import { runOf } from './run.ts';
import { conclude } from './status.ts';
import type { Step } from './step.ts';
import { now, observed, pruneJob } from './testing/builders.ts';

const planned: Condition = { type: 'Planned', status: 'True', reason: 'Planned', message: 'Planned.', lastTransitionTime: '2026-01-01T00:00:00Z' };

function conclusion(step: Step, before: readonly Condition[] = []): ReturnType<typeof conclude> {
  return conclude(runOf(observed({ pruneJob: pruneJob({ status: { conditions: [...before] } }) }), now), step);
}

describe('events', () => {
  it.each<{ name: string; step: Step; before?: Condition[]; events: object[] }>([
    { name: 'tell a condition that is new', step: { conditions: [{ ...planned, type: 'Planned', status: 'True', reason: 'Planned' }] }, events: [{ type: 'Normal', reason: 'Planned', action: 'Plan', note: 'Planned.' }] },
    { name: 'tell nothing twice', step: { conditions: [{ type: 'Planned', status: 'True', reason: 'Planned', message: 'Other words.' }] }, before: [planned], events: [] },
    { name: 'warn of what is missing', step: { conditions: [{ type: 'Planned', status: 'False', reason: 'ServiceNotFound', message: 'No.' }] }, events: [{ type: 'Warning', reason: 'ServiceNotFound', action: 'Plan', note: 'No.' }] },
    { name: 'do not warn of the end of a queue', step: { conditions: [{ type: 'Queued', status: 'False', reason: 'Running', message: 'Runs.' }] }, events: [{ type: 'Normal', reason: 'Running', action: 'Queue', note: 'Runs.' }] },
    {
      name: 'say in one what went well together, beside what did not',
      step: { conditions: [{ type: 'Pruned', status: 'True', reason: 'Pruned', message: 'Kept.' }, { type: 'Served', status: 'False', reason: 'ServiceNotFound', message: 'No.' }, { type: 'Published', status: 'True', reason: 'Published', message: 'There.' }] },
      events: [{ type: 'Warning', reason: 'ServiceNotFound', action: 'Serve', note: 'No.' }, { type: 'Normal', reason: 'Published', action: 'Publish', note: 'Kept. There.' }],
    },
    { name: 'say nothing of a queue that ended with the run', step: { conditions: [{ type: 'Queued', status: 'False', reason: 'Finished', message: 'Nothing waits any more.' }, { type: 'Complete', status: 'True', reason: 'Finished', message: 'Done.' }] }, events: [{ type: 'Normal', reason: 'Finished', action: 'Finish', note: 'Done.' }] },
    {
      name: 'say a failure once',
      step: { conditions: [{ type: 'Planned', status: 'False', reason: 'NoGPUSaved', message: 'None.' }, { type: 'Failed', status: 'True', reason: 'NoGPUSaved', message: 'None.' }] },
      events: [{ type: 'Warning', reason: 'NoGPUSaved', action: 'Finish', note: 'None.' }],
    },
  ])('$name', ({ step, before, events }) => {
    expect(conclusion(step, before).events).toEqual(events);
  });

  it('fit into an Event', () => {
    const [event] = conclusion({ conditions: [{ type: 'Failed', status: 'True', reason: 'Internal', message: 'x'.repeat(5000) }] }).events;
    expect(event?.note).toHaveLength(1024);
  });
});

describe('the status', () => {
  it('keeps what the step does not mention', () => {
    const { status } = conclusion({ phase: 'Queued' }, [planned]);
    expect(status).toEqual({ phase: 'Queued', observedGeneration: 1, conditions: [planned] });
  });

  it('keeps messages within the API\'s bounds', () => {
    const { status } = conclusion({ conditions: [{ type: 'Failed', status: 'True', reason: 'Internal', message: 'x'.repeat(5000) }] });
    expect(status.conditions?.[0]?.message).toHaveLength(4096);
  });
});
