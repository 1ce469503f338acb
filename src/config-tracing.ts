/**
 * Whether reconciles are traced, by OpenTelemetry's own environment variables. Where the spans go, with which headers and certificates, the
 * exporter reads itself; checked here is what it would pass over in silence.
 */
import { ConfigError } from './config-values.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface TracingConfig {
  /** The share of reconciles that are traced, from 0 to 1. */
  readonly ratio: number;
}

const samplers: Readonly<Record<string, (argument: string | undefined) => number>> = {
  always_on: () => 1,
  always_off: () => 0,
  traceidratio: parseRatio,
};

export function parseTracing(env: Environment): TracingConfig | undefined {
  const endpoint = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? env.OTEL_EXPORTER_OTLP_ENDPOINT ?? '';
  if (endpoint === '' || env.OTEL_SDK_DISABLED === 'true' || env.OTEL_TRACES_EXPORTER === 'none') return undefined;
  checkEndpoint(endpoint);
  checkProtocol(env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL ?? env.OTEL_EXPORTER_OTLP_PROTOCOL ?? '');
  return Object.freeze({ ratio: parseSampler(env) });
}

function checkEndpoint(endpoint: string): void {
  if (['http:', 'https:'].includes(URL.parse(endpoint)?.protocol ?? '')) return;
  throw new ConfigError(`OTEL_EXPORTER_OTLP_ENDPOINT is ${JSON.stringify(endpoint)}; make it a URL such as http://otel-collector:4318.`);
}

/** A collector takes both encodings of HTTP on one port; gRPC has another one. */
function checkProtocol(protocol: string): void {
  if (protocol === '' || protocol.startsWith('http/')) return;
  throw new ConfigError(`OTEL_EXPORTER_OTLP_PROTOCOL is ${JSON.stringify(protocol)}, but this operator sends http/json; unset it and name the collector's HTTP port, usually 4318.`);
}

/** A reconcile has no parent, so `parentbased_` changes nothing. */
function parseSampler({ OTEL_TRACES_SAMPLER: sampler = '', OTEL_TRACES_SAMPLER_ARG: argument }: Environment): number {
  if (sampler === '') return 1;
  const ratio = samplers[sampler.replace(/^parentbased_/, '')]?.(argument);
  if (ratio !== undefined) return ratio;
  throw new ConfigError(`OTEL_TRACES_SAMPLER is ${JSON.stringify(sampler)}; make it one of ${Object.keys(samplers).join(', ')}, or the same with parentbased_.`);
}

function parseRatio(argument = '1'): number {
  const ratio = Number(argument);
  if (argument !== '' && ratio >= 0 && ratio <= 1) return ratio;
  throw new ConfigError(`OTEL_TRACES_SAMPLER_ARG is ${JSON.stringify(argument)}; make it a number from 0 to 1.`);
}
