/** Where models, data and results may lie. */
import { calibration, perplexity } from '../fixture.ts';
import { task, type Row } from './row.ts';

const plainly = 'write it without control characters, quotes, backticks, $ and \\';

export const locations: readonly Row[] = [
  {
    field: 'model.uri hf://',
    refused: { model: { uri: 'hf://mistralai/Mixtral-8x22B-v0.1' } },
    says:
      'hf download mistralai/Mixtral-8x22B-v0.1 --local-dir model && aws s3 sync model s3://BUCKET/mistralai/Mixtral-8x22B-v0.1/' +
      ' --exclude ".cache/*", then write uri: s3://BUCKET/mistralai/Mixtral-8x22B-v0.1/',
    accepted: { model: { uri: 's3://bucket/mistralai/Mixtral-8x22B-v0.1/' } },
  },
  {
    field: 'model.uri without a path',
    refused: { model: { uri: 's3://models/' } },
    says: "write the model's folder as s3://BUCKET/PATH/ or pvc://CLAIM/PATH/",
    accepted: { model: { uri: 'pvc://models/tiny-moe' } },
  },
  {
    field: 'model.uri with ..',
    refused: { model: { uri: 'pvc://models/../secrets/' } },
    says: 'write the path without . and .. segments',
    accepted: { model: { uri: 'pvc://models/v1..2/' } },
  },
  {
    field: 'calibration.uri',
    refused: { calibration: { ...calibration, uri: 's3://data/' } },
    says: 'write one file of JSON lines as s3://BUCKET/FILE.jsonl or pvc://CLAIM/FILE.jsonl',
    accepted: { calibration: { ...calibration, uri: 'pvc://data/c4/calibration.jsonl' } },
  },
  {
    field: 'calibration.uri with ..',
    refused: { calibration: { ...calibration, uri: 'pvc://data/../x.jsonl' } },
    says: 'write the path without . and .. segments',
    accepted: { calibration },
  },
  {
    field: 'quality.perplexity.uri',
    refused: { quality: { perplexity: { ...perplexity, uri: 'https://example.org/heldout.jsonl' } } },
    says: 'write one file of JSON lines as s3://BUCKET/FILE.jsonl or pvc://CLAIM/FILE.jsonl',
    accepted: { quality: { perplexity } },
  },
  {
    field: 'quality.perplexity.uri with ..',
    refused: { quality: { perplexity: { ...perplexity, uri: 's3://data/../heldout.jsonl' } } },
    says: 'write the path without . and .. segments',
    accepted: { quality: { perplexity: { ...perplexity, maxIncrease: 0 } } },
  },
  ...(['s3://data/', 's3://data/../arc.jsonl'] as const).flatMap((uri) =>
    (['tasks', 'endpoint.tasks'] as const).map((place) => ({
      field: `quality.${place} ${uri}`,
      refused: { quality: place === 'tasks' ? { tasks: [{ ...task, uri }] } : { endpoint: { tasks: [{ ...task, uri }] } } },
      says: `spec.quality.${place}[0].uri: Invalid value: "${uri}": write `,
    })),
  ),
  {
    field: 'output.uri',
    refused: { output: { uri: '/models' } },
    says: 'write the folder to publish to as s3://BUCKET/PATH/ or pvc://CLAIM/PATH/',
    accepted: { output: { uri: 's3://models' } },
  },
  {
    field: 'output.uri with ..',
    refused: { output: { uri: 's3://models/..' } },
    says: 'write the path without . and .. segments',
    accepted: { output: { uri: 's3://models/a/b' } },
  },
  ...(['\u001b[2J', '\u0000', '\u0085', '\u202e', "'", '"', '`', '$(id)', '\\'] as const).map((bad) => ({
    field: `output.uri with ${JSON.stringify(bad)}`,
    refused: { output: { uri: `s3://models/a${bad}b/` } },
    says: plainly,
    accepted: { output: { uri: 's3://models/modèle_1.5+a@b=c,d&e(f)/' } },
  })),
  { field: 'model.uri with a command', refused: { model: { uri: 's3://models/$(id)/' } }, says: plainly, accepted: { model: { uri: 's3://models/(id)/' } } },
  { field: 'calibration.uri with a quote', refused: { calibration: { ...calibration, uri: "s3://data/a'b.jsonl" } }, says: plainly, accepted: { calibration } },
  { field: 'quality.perplexity.uri with an escape sequence', refused: { quality: { perplexity: { ...perplexity, uri: 's3://data/\u001b[31m.jsonl' } } }, says: plainly, accepted: { quality: { perplexity } } },
  ...(['tasks', 'endpoint.tasks'] as const).map((place) => {
    const asked = { ...task, uri: 's3://data/`id`.jsonl' };
    return { field: `quality.${place} with a backtick`, refused: { quality: place === 'tasks' ? { tasks: [asked] } : { endpoint: { tasks: [asked] } } }, says: plainly };
  }),
  {
    field: 'quality.tasks of a name that the engine does not know',
    refused: { quality: { tasks: [{ ...task, name: 'gsm8k' }] } },
    says: 'spec.quality.tasks[0].name: Unsupported value: "gsm8k"',
    accepted: { quality: { tasks: [task] } },
  },
  {
    field: 'output.signing.secretRef.name',
    refused: { output: { signing: { secretRef: { name: 'ml/signing' } } } },
    says: "write the Secret's name as kubectl get shows it",
    accepted: { output: { signing: { secretRef: { name: 'model-signing' } } } },
  },
  {
    field: 'output.signing without a Secret',
    refused: { output: { signing: {} } },
    says: 'spec.output.signing.secretRef: Required value',
  },
];
