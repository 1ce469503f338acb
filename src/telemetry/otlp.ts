/**
 * Sends the spans of trace.ts to an OpenTelemetry collector by OTLP over HTTP. Loaded only where somebody has set an endpoint.
 *
 * The endpoint, headers, certificates, timeout and compression (OTEL_EXPORTER_OTLP_*) and the resource (OTEL_SERVICE_NAME,
 * OTEL_RESOURCE_ATTRIBUTES) are read from the environment by OpenTelemetry itself, as everywhere.
 */
import { context, diag, DiagLogLevel, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, detectResources, resourceAttributesEnvDetector, resourceFromAttributes, serviceNameEnvDetector } from '@opentelemetry/resources';
import { BatchSpanProcessor, ParentBasedSampler, TraceIdRatioBasedSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Logger } from './log.ts';

export interface TracingOptions {
  readonly serviceName: string;
  readonly instanceId: string;
  /** The share of reconciles that are traced, from 0 to 1. */
  readonly ratio: number;
  readonly log: Logger;
}

/** A collector that is away must not hold up the end of the process. */
const FLUSH_MS = 2_000;

/** Resolves, when called, as soon as the last spans are sent, or could not be. */
export type StopTracing = () => Promise<void>;

export function startTracing({ serviceName, instanceId, ratio, log }: TracingOptions): StopTracing {
  diag.setLogger(diagnostics(log), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  const ours = resourceFromAttributes({ 'service.name': serviceName, 'service.instance.id': instanceId });
  const resource = defaultResource().merge(ours).merge(detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] }));
  const processor = new BatchSpanProcessor({ exporter: new OTLPTraceExporter() });
  const provider = new TracerProvider({ resource, spanProcessors: [processor], sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }) });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(provider);
  return () => atMost(FLUSH_MS, provider.shutdown().catch((error: unknown) => { log.warn('Tracing: the last spans could not be sent.', { error }); }));
}

async function atMost(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => { timer = setTimeout(resolve, ms); });
  await Promise.race([work, over]);
  clearTimeout(timer);
}

/** What OpenTelemetry says of itself, a collector that refuses above all, becomes log lines like all others. */
function diagnostics(log: Logger) {
  const at = (level: 'debug' | 'info' | 'warn' | 'error') => (message: string, ...details: unknown[]): void => {
    log[level](`Tracing: ${message}`, details.length === 0 ? {} : { details });
  };
  return { verbose: at('debug'), debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
