import { describe, expect, it } from 'vitest';
import { parseTracing } from './config-tracing.ts';

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://otel-collector:4318' };

describe('parseTracing', () => {
  it.each([
    { what: 'nothing is set', env: {} },
    { what: 'the endpoint is empty', env: { OTEL_EXPORTER_OTLP_ENDPOINT: '' } },
    { what: 'the SDK is disabled', env: { ...endpoint, OTEL_SDK_DISABLED: 'true' } },
    { what: 'traces are not wanted', env: { ...endpoint, OTEL_TRACES_EXPORTER: 'none' } },
  ])('is off where $what', ({ env }) => {
    expect(parseTracing(env)).toBeUndefined();
  });

  it.each([
    { env: endpoint, ratio: 1 },
    { env: { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://otel/v1/traces' }, ratio: 1 },
    { env: { ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' }, ratio: 1 },
    { env: { ...endpoint, OTEL_TRACES_SAMPLER: 'always_on' }, ratio: 1 },
    { env: { ...endpoint, OTEL_TRACES_SAMPLER: 'parentbased_always_off' }, ratio: 0 },
    { env: { ...endpoint, OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.25' }, ratio: 0.25 },
    { env: { ...endpoint, OTEL_TRACES_SAMPLER: 'traceidratio' }, ratio: 1 },
  ])('of $env traces $ratio', ({ env, ratio }) => {
    expect(parseTracing(env)).toEqual({ ratio });
  });

  it.each([
    { env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'otel-collector:4318' }, sentence: 'OTEL_EXPORTER_OTLP_ENDPOINT is "otel-collector:4318"; make it a URL' },
    { env: { ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, sentence: 'OTEL_EXPORTER_OTLP_PROTOCOL is "grpc", but this operator sends http/json' },
    { env: { ...endpoint, OTEL_TRACES_SAMPLER: 'jaeger_remote' }, sentence: 'make it one of always_on, always_off, traceidratio' },
    { env: { ...endpoint, OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '50%' }, sentence: 'OTEL_TRACES_SAMPLER_ARG is "50%"; make it a number from 0 to 1.' },
    { env: { ...endpoint, OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '' }, sentence: 'OTEL_TRACES_SAMPLER_ARG is ""' },
  ])('refuses $env with a sentence', ({ env, sentence }) => {
    expect(() => parseTracing(env)).toThrow(sentence);
  });
});
