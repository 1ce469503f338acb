import { expect, it } from 'vitest';

import { endpointUrl } from './endpoint-url.ts';

const http = { port: 80, targetPort: 8080 };

it.each([
  { what: 'an address', spec: { clusterIP: '10.96.3.4', ports: [http] }, url: 'http://10.96.3.4:80' },
  { what: 'an address of IPv6', spec: { clusterIP: 'fd00::7', ports: [http] }, url: 'http://[fd00::7]:80' },
  { what: 'several ports', spec: { clusterIP: '10.96.3.4', ports: [http, { port: 9000 }] }, url: 'http://10.96.3.4:80' },
  { what: 'no address of its own', spec: { clusterIP: 'None', ports: [http] }, url: 'http://moe-predictor.ml.svc:8080' },
  { what: 'neither an address nor a number of the port', spec: { clusterIP: 'None', ports: [{ port: 8000, targetPort: 'http' }] }, url: 'http://moe-predictor.ml.svc:8000' },
  { what: 'no address yet', spec: { ports: [http] }, url: undefined },
  { what: 'no port', spec: { clusterIP: '10.96.3.4' }, url: undefined },
  { what: 'nothing', spec: {}, url: undefined },
])('a Service with $what is asked at $url', ({ spec, url }) => {
  expect(endpointUrl({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'moe-predictor', namespace: 'ml' }, spec })).toBe(url);
});
