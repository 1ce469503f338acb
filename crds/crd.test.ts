/** The CRD against a real API server: what it refuses and how it says so, what it fills in, what may change, what kubectl shows. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { part, readCRD, type Schema } from '../scripts/generate/schema.ts';
import { Api, calibration, perplexity, pruneJob, readYaml, serving, specWith, type Fields } from './fixture.ts';
import { edited, editable, untilPublished } from './rows/edits.ts';
import { endpoint } from './rows/endpoint.ts';
import { locations } from './rows/locations.ts';
import { notSupportedYet } from './rows/not-supported-yet.ts';
import { pruning } from './rows/pruning.ts';
import { running } from './rows/running.ts';

let api: Api;

beforeAll(async () => {
  api = await Api.start();
});

afterAll(async () => {
  await api.server.stop();
});

describe.each([
  ['where things lie', locations],
  ['how much is pruned', pruning],
  ['how it runs and serves', running],
  ['what the served models are asked', endpoint],
  ['what later releases bring', notSupportedYet],
])('%s', (_, rows) => {
  it.each(rows)('$field is refused with a sentence', async ({ refused, says }) => {
    expect((await api.tryCreate(specWith(refused))).refusal).toContain(says);
  });

  it.each(rows.filter(({ accepted }) => accepted !== undefined))('$field has a neighbour that passes', async ({ accepted = {} }) => {
    expect((await api.tryCreate(specWith(accepted))).refusal).toBeUndefined();
  });
});

it('every rule of the CRD is in the table', () => {
  const said = [...locations, ...pruning, ...running, ...endpoint, ...notSupportedYet].map(({ says }) => says);
  const missing = [part(readCRD(), 'spec'), part(readCRD(), 'status')].flatMap(messages).filter((message) => !said.some((says) => message.includes(says)));
  // These are tested below, and the sentence about hf:// names the user's own model.
  expect(missing.filter((message) => !message.startsWith('cannot change') && !message.includes('hf download'))).toEqual([]);
});

function messages(schema: Schema): string[] {
  const below = [...Object.values(schema.properties ?? {}), ...(schema.items === undefined ? [] : [schema.items])];
  return [...(schema['x-kubernetes-validations'] ?? []).map(({ message }) => message), ...below.flatMap(messages)];
}

describe('required fields', () => {
  it.each(['model', 'pruning', 'output'])('%s', async (field) => {
    expect((await api.tryCreate(specWith({ [field]: undefined }))).refusal).toContain(`spec.${field}: Required value`);
  });

  it.each(['uri', 'samples', 'sequenceLength'])('calibration.%s', async (field) => {
    const refused = specWith({ calibration: { ...calibration, [field]: undefined } });
    expect((await api.tryCreate(refused)).refusal).toContain(`spec.calibration.${field}: Required value`);
  });

  it.each(['uri', 'samples', 'maxIncrease'])('quality.perplexity.%s', async (field) => {
    const refused = specWith({ quality: { perplexity: { ...perplexity, [field]: undefined } } });
    expect((await api.tryCreate(refused)).refusal).toContain(`spec.quality.perplexity.${field}: Required value`);
  });

  it.each(['apiVersion', 'kind', 'name'])('serving.ref.%s', async (field) => {
    const refused = specWith({ serving: { ...serving, ref: { ...serving.ref, [field]: undefined } } });
    expect((await api.tryCreate(refused)).refusal).toContain(`spec.serving.ref.${field}: Required value`);
  });
});

it('fills in every default, and nothing else', async () => {
  const { object } = await api.tryCreate(specWith({ serving }));
  expect(object?.spec).toEqual({
    model: { uri: 's3://models/tiny-moe/' },
    pruning: {
      split: 'Manual',
      experts: {
        ratio: 0.25,
        linkage: 'Complete',
        similarity: { router: 1, coactivation: 0 },
        reconstruct: 'Selective',
        kappa: 3,
        multipleOf: 1,
        maxDroppedLoad: 0.35,
      },
    },
    output: { uri: 's3://models/pruned/' },
    serving: {
      ...serving,
      mode: 'Apply',
      sizing: { utilization: 0.9, overheadPerGPU: '4Gi' },
      requireSaving: true,
      waitFor: '10m',
      timeout: '30m',
      soak: '2m',
    },
    runner: { gpus: 1, device: 'cuda', activeDeadline: '6h', backoffLimit: 3 },
  });
});

it('keeps a pod overlay as it was written', async () => {
  const podTemplate = { metadata: { annotations: { a: 'b' } }, spec: { tolerations: [{ operator: 'Exists' }] } };
  const { object } = await api.tryCreate(specWith({ runner: { podTemplate } }));
  expect(object?.spec.runner).toMatchObject({ podTemplate });
});

const published = { conditions: [condition('Published', 'True')] };
const notPublished = { conditions: [condition('Published', 'False')] };
const full = specWith({
  pruning: { targetSparsity: 0.4, weights: { method: 'Wanda' } },
  calibration,
  quality: { perplexity },
  serving,
  runner: { podTemplate: { metadata: { labels: { a: 'b' } } } },
});

function condition(type: string, status: string): Fields {
  return { type, status, reason: 'Test', message: 'A test.', lastTransitionTime: '2026-01-01T00:00:00Z' };
}

describe('one PruneJob is one run', () => {
  const states: [string, Fields][] = [
    ['new', {}],
    ['publishing', notPublished],
    ['published', published],
  ];

  beforeAll(async () => {
    for (const [name, status] of states) {
      expect((await api.create(name, full)).refusal).toBeUndefined();
      expect((await api.patchStatus(name, status)).refusal).toBeUndefined();
    }
  });

  const tryEdit = async (name: string, spec: Fields): Promise<string | undefined> => (await api.patch(`${name}?dryRun=All`, { spec })).refusal;

  it.each(Object.entries(edited))('%s cannot change', async (field, spec) => {
    const [path = ''] = field.split(/[ .]/);
    expect(await tryEdit('new', spec)).toMatch(new RegExp(`spec\\.${path}: Forbidden: cannot change.* one PruneJob is one run; create another PruneJob`));
  });

  it.each(Object.entries(editable).flatMap(([field, spec]) => states.map(([name]) => ({ field, spec, name }))))('$field may change while $name', async ({ spec, name }) => {
    expect(await tryEdit(name, spec)).toBeUndefined();
  });

  it.each(Object.entries(untilPublished))('%s may change until the model is published', async (_, spec) => {
    expect(await tryEdit('new', spec)).toBeUndefined();
    expect(await tryEdit('publishing', spec)).toBeUndefined();
    expect(await tryEdit('published', spec)).toContain('spec.serving: Forbidden: strategy, timeout and soak cannot change once the model is published');
  });
});

describe('status', () => {
  it('is a subresource: a spec write does not touch it, and conditions merge by type', async () => {
    await api.create('status', specWith({}));
    expect((await api.patch('status', { status: { phase: 'Failed' } })).object?.status).toBeUndefined();
    const twice = { conditions: [condition('Planned', 'True'), condition('Planned', 'False')] };
    expect((await api.patchStatus('status', twice)).refusal).toContain('Duplicate value: {"type":"Planned"}');
  });

  it('keeps the fields of a service that it will have to put back', async () => {
    await api.create('previous', specWith({ serving }));
    const fields = { spec: { predictor: { model: { args: ['--tensor-parallel-size=4'] } } } };
    const { object } = await api.patchStatus('previous', { serving: { previous: { uri: 's3://models/tiny-moe/', fields } } });
    expect(object?.status).toEqual({ serving: { previous: { uri: 's3://models/tiny-moe/', fields } } });
  });
});

it('kubectl get pj tells the story in columns', async () => {
  await api.create('story', specWith({ serving }));
  const plan = { gpus: '8→4', gpusBefore: 8, gpusAfter: 4, gpusPeak: 12, bytesBefore: 2, bytesAfter: 1, tensorParallel: 4, reason: 'A test.' };
  const result = { uri: 's3://models/pruned/m/k/', manifestDigest: 'sha256:0', qualitySummary: 'ppl 3.10→3.35 (+8.1 %)' };
  expect((await api.patchStatus('story', { phase: 'Pruning', progress: { percent: 37 }, plan, result })).refusal).toBeUndefined();
  const [header, row] = (await api.server.kubectl('get', 'pj', 'story')).trimEnd().split('\n');
  expect(header?.split(/\s+/)).toEqual(['NAME', 'PHASE', 'PROGRESS', 'GPUS', 'QUALITY', 'AGE']);
  expect(row).toMatch(/^story +Pruning +37 +8→4 +ppl 3\.10→3\.35 \(\+8\.1 %\) +\d+s$/);
});

it('kubectl explain describes every field', async () => {
  const crd = readCRD();
  expect([...undescribed(part(crd, 'spec'), 'spec'), ...undescribed(part(crd, 'status'), 'status')]).toEqual([]);
  // The server publishes the schema a moment after it serves the kind.
  await vi.waitFor(async () => {
    expect(await api.server.kubectl('explain', 'pj.spec.pruning.targetSparsity')).toContain('prunable parameters');
  }, 30_000);
});

function undescribed(schema: Schema, path: string): string[] {
  const fields = [...Object.entries(schema.properties ?? {}), ...(schema.items?.properties === undefined ? [] : [['[]', schema.items] as const])];
  return fields.flatMap(([name, field]) => [...(field.description === undefined ? [`${path}.${name}`] : []), ...undescribed(field, `${path}.${name}`)]);
}

describe('samples', () => {
  it.each(['prunejob', 'prunejob-mixtral-8x22b', 'prunejob-endpoint-gate'].map((name) => `manifests/samples/${name}.yaml`))('%s is accepted', async (path) => {
    const [sample] = (await readYaml(path)) as [{ readonly spec: Fields }];
    expect((await api.tryCreate(sample.spec)).refusal).toBeUndefined();
    expect(sample).toMatchObject({ ...pruneJob('', {}), metadata: {}, spec: {} });
    expect(sample.spec).not.toHaveProperty('suspend');
  });
});
