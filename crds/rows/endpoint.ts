/** The gate at the endpoint, which needs a canary to ask. */
import { serving, type Fields } from '../fixture.ts';
import { task, type Row } from './row.ts';

const quality = { endpoint: { tasks: [task] } };
const asking = (fields: Fields, tasks: readonly Fields[] = [task]): Fields => ({ quality: { endpoint: { tasks } }, serving: { ...serving, ...fields } });
const says = 'quality.endpoint asks a canary before the service moves; write serving: {ref: ..., strategy: Canary, mode: Apply} or remove quality.endpoint';

export const endpoint: readonly Row[] = [
  { field: 'quality.endpoint without serving', refused: { quality }, says, accepted: asking({ strategy: 'Canary' }) },
  ...['Surge', 'Recreate'].map((strategy) => ({ field: `quality.endpoint by ${strategy}`, refused: asking({ strategy }), says, accepted: asking({ strategy: undefined }) })),
  { field: 'quality.endpoint with mode Emit', refused: asking({ strategy: 'Canary', mode: 'Emit' }), says, accepted: asking({ strategy: 'Canary', mode: 'Apply' }) },
  {
    field: 'quality.endpoint.tasks[].name',
    refused: asking({ strategy: 'Canary' }, [{ ...task, name: 'arc' }]),
    says: 'spec.quality.endpoint.tasks[0].name: Unsupported value: "arc": supported values: "arc_challenge"',
    accepted: asking({ strategy: 'Canary' }, [{ ...task, name: 'gsm8k' }]),
  },
  {
    field: 'quality.endpoint without tasks',
    refused: asking({ strategy: 'Canary' }, []),
    says: 'spec.quality.endpoint.tasks in body should have at least 1 items',
    accepted: asking({ strategy: 'Canary' }, [task, { ...task, name: 'boolq', uri: 'pvc://data/boolq.jsonl', minRetained: 0 }]),
  },
];
