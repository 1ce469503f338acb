import { describe, expect, it } from 'vitest';

import { outputRefused } from './output-refused.ts';
import { runOf } from '../run.ts';
import { deployment } from '../serving/deployment.ts';
import { vllmDeployment } from '../serving/testing/samples.ts';
import { observed, pruneJob, service } from '../testing/builders.ts';

const served = (annotations?: object) => {
  const template = { metadata: { annotations }, spec: vllmDeployment().spec?.template?.spec };
  return deployment.read({ service: vllmDeployment(annotations === undefined ? {} : { spec: { template } }), deployments: [], replicaSets: [], pods: [] });
};
const inClaim = { 'stun-operator.io/model-uri': 'pvc://models/moe/' };

describe('a result in a claim', () => {
  it.each([
    { of: 'a Deployment that reads from a bucket', uri: 'pvc://models/pruned/', service: served(), refused: true },
    { of: 'a Deployment that reads from a claim', uri: 'pvc://models/pruned/', service: served(inClaim), refused: false },
    { of: 'a service that KServe mounts claims for', uri: 'pvc://models/pruned/', service: service(), refused: false },
    { of: 'no claim at all', uri: 's3://models/pruned/', service: served(), refused: false },
  ])('of $of: refused $refused', ({ uri, refused, ...row }) => {
    const failure = outputRefused(runOf(observed({ pruneJob: pruneJob({ spec: { output: { uri } } }) }), new Date()), row.service);
    expect(failure?.message.includes('Write an s3:// URI into output.uri') ?? false).toBe(refused);
  });
});
