import { describe, expect, it } from 'vitest';

import type { Container, Pod } from '../kube.ts';
import { endpointsOf } from './endpoints.ts';
import { gpus } from './testing/samples.ts';

const ready = { phase: 'Running', podIP: '10.0.0.7', conditions: [{ type: 'Ready', status: 'True' }] };

function pod(container: Partial<Container> = {}, status: NonNullable<Pod['status']> = ready): Pod {
  return { metadata: { name: 'moe-1', uid: 'p' }, spec: { containers: [{ name: 'proxy', ports: [{ containerPort: 15001 }] }, { name: 'server', resources: gpus(2), ...container }] }, status };
}

describe('the endpoint of a pod', () => {
  it.each([
    { of: 'an argument, before all else', container: { args: ['--port', '9000'], ports: [{ containerPort: 1 }], readinessProbe: { httpGet: { port: 2 } } }, port: 9000 },
    { of: 'the argument of KServe\'s servers', container: { args: ['--model_name=moe', '--http_port=8090'] }, port: 8090 },
    { of: 'a line of a shell', container: { command: ['/bin/bash', '-c'], args: ['exec vllm serve /mnt/models \\\n --port 8001 \\\n'] }, port: 8001 },
    { of: 'the readiness probe', container: { ports: [{ containerPort: 9090 }], readinessProbe: { httpGet: { port: 8002 } } }, port: 8002 },
    { of: 'a probe that names it', container: { ports: [{ containerPort: 9090 }, { name: 'http', containerPort: 8003 }], readinessProbe: { httpGet: { port: 'http' } } }, port: 8003 },
    { of: 'a probe of the socket', container: { readinessProbe: { tcpSocket: { port: 8004 } } }, port: 8004 },
    { of: 'the startup probe', container: { startupProbe: { httpGet: { port: 8005 } } }, port: 8005 },
    { of: 'the declared port', container: { ports: [{ containerPort: 8006 }] }, port: 8006 },
    { of: 'vLLM\'s default', container: { args: ['s3://models/moe/', '--served-model-name=moe'] }, port: 8000 },
    { of: 'KServe\'s default', container: { args: ['--model_name=moe'] }, port: 8080 },
  ])('has the port of $of', ({ container, port }) => {
    expect(endpointsOf([pod(container)])[0]?.url).toBe(`http://10.0.0.7:${port}`);
  });

  it.each([
    { server: 'vLLM with a name', args: ['s3://models/moe/', '--served-model-name=chat', '-tp', '2'], models: ['chat', 's3://models/moe/', '/mnt/models'] },
    { server: 'vLLM with several names', args: ['--model', '/models', '--served_model_name', 'chat', 'other'], models: ['chat', '/models', '/mnt/models'] },
    { server: 'KServe\'s huggingface server', args: ['--model_name=moe', '--model_dir=/mnt/models', '--tensor-parallel-size=2'], models: ['moe', '/mnt/models'] },
    { server: 'an LLMInferenceService', command: ['/bin/bash', '-c'], args: ['eval "vllm serve /mnt/models \\\n --served-model-name "chat" \\\n --port 8000"'], models: ['chat', '/mnt/models'] },
    { server: 'one that says nothing', args: ['--tensor-parallel-size=2'], models: ['/mnt/models'] },
    { server: 'one whose name is missing', args: ['--served-model-name', '--port=1'], models: ['/mnt/models'] },
  ])('knows the names that the model may have with $server', ({ models, ...container }) => {
    expect(endpointsOf([pod(container)])[0]?.models).toEqual(models);
  });

  it.each([
    { what: 'both usual places', env: [], paths: ['/v1', '/openai/v1'] },
    { what: 'KServe\'s own prefix first', env: [{ name: 'KSERVE_OPENAI_ROUTE_PREFIX', value: '/llm/' }], paths: ['/llm/v1', '/v1', '/openai/v1'] },
    { what: 'no place twice', env: [{ name: 'KSERVE_OPENAI_ROUTE_PREFIX', value: '' }], paths: ['/v1', '/openai/v1'] },
  ])('has $what', ({ env, paths }) => {
    expect(endpointsOf([pod({ env })])[0]?.paths).toEqual(paths);
  });

  it.each([
    { what: 'its probe does', container: { readinessProbe: { httpGet: { port: 8000, scheme: 'HTTPS' } } } },
    { what: 'the server has a certificate', container: { args: ['--port=8000', '--ssl-certfile', '/tls/tls.crt'] } },
  ])('speaks TLS where $what', ({ container }) => {
    expect(endpointsOf([pod(container)])[0]?.url).toBe('https://10.0.0.7:8000');
  });

  it('writes an IPv6 address as URLs do', () => {
    expect(endpointsOf([pod({}, { ...ready, podIP: 'fd00::7' })])[0]?.url).toBe('http://[fd00::7]:8080');
  });

  it.each([
    { what: 'is not ready', status: { ...ready, conditions: [{ type: 'Ready', status: 'False' }] } },
    { what: 'has no address', status: { phase: 'Running', conditions: ready.conditions } },
  ])('is none of a pod that $what', ({ status }) => {
    expect(endpointsOf([pod({}, status)])).toEqual([]);
  });

  it('is none of a pod without a server on GPUs', () => {
    expect(endpointsOf([pod({ resources: {} })])).toEqual([]);
  });
});
