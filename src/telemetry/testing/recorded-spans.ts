/**
 * Keeps the spans of a test instead of sending them.
 */
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider, type ReadableSpan } from '@opentelemetry/sdk-trace';

export interface RecordedSpans extends Disposable {
  /** In the order in which they ended. */
  ended(): readonly ReadableSpan[];
  /** As `parent > name`, in that order. */
  tree(): string[];
}

export function recordSpans(): RecordedSpans {
  const exporter = new InMemorySpanExporter();
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const ended = () => exporter.getFinishedSpans();
  const nameOf = (spanId: string | undefined) => ended().find((span) => span.spanContext().spanId === spanId)?.name;
  const path = ({ name, parentSpanContext }: ReadableSpan) => [nameOf(parentSpanContext?.spanId), name].filter(Boolean).join(' > ');
  return {
    ended,
    tree: () => ended().map(path),
    [Symbol.dispose]: () => {
      trace.disable();
      context.disable();
    },
  };
}
