import type { KubeObject } from './types.ts';
export interface RecordedEvent {
  /** The object the event is about (needs apiVersion, kind, name, namespace, uid). */
  readonly regarding: KubeObject;
  readonly type: 'Normal' | 'Warning';
  /** CamelCase, for machines. */
  readonly reason: string;
  /** CamelCase verb: what the operator did or tried. */
  readonly action: string;
  /** A sentence, cut at 1024 bytes. */
  readonly note: string;
}
export interface Recorder {
  /** Never throws and never waits: an event that cannot be written is logged and dropped. */
  record(event: RecordedEvent): void;
}
