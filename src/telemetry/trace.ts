/**
 * Spans, through the OpenTelemetry API alone: until otlp.ts has registered a provider they cost next to nothing and go nowhere.
 */
import { context, isSpanContextValid, SpanStatusCode, trace, type Attributes, type Span } from '@opentelemetry/api';

export type { Span } from '@opentelemetry/api';

/** `run` sees the span as its parent, across awaits; what it throws is noted on the span and passes. */
export async function withSpan<T>(name: string, attributes: Attributes, run: (span: Span) => Promise<T>): Promise<T> {
  const span = trace.getTracer('stun-operator').startSpan(name, { attributes });
  try {
    return await context.with(trace.setSpan(context.active(), span), () => run(span));
  } catch (thrown) {
    failSpan(span, thrown);
    throw thrown;
  } finally {
    span.end();
  }
}

export function failSpan(span: Span, thrown: unknown): void {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  span.recordException(error);
  span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
}

/** By these names backends join log lines to traces. Nothing where nobody traces. */
export function traceFields(span: Span): { readonly trace_id?: string; readonly span_id?: string } {
  const { traceId, spanId } = span.spanContext();
  return isSpanContextValid(span.spanContext()) ? { trace_id: traceId, span_id: spanId } : {};
}
