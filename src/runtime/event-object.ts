/**
 * What an events.k8s.io/v1 Event looks like: its name, its body, and what makes two of them the same story.
 */
import { hash } from 'node:crypto';
import { microTime } from './clock.ts';
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

export interface EventOrigin {
  readonly name: string;
  readonly namespace: string;
  readonly controller: string;
  readonly instance: string;
  readonly at: Date;
}

const NOTE_BYTES = 1024;

export function eventObject({ regarding, type, reason, action, note }: RecordedEvent, { name, namespace, controller, instance, at }: EventOrigin): KubeObject {
  const about = regarding.metadata;
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name, namespace },
    ...{ type, reason, action, note: truncate(note), eventTime: microTime(at) },
    ...{ reportingController: controller, reportingInstance: instance.slice(0, 128) },
    regarding: { apiVersion: regarding.apiVersion, kind: regarding.kind, name: about.name, namespace: about.namespace, uid: about.uid },
  } as KubeObject;
}

/**
 * The note is part of it: "Created Job a-1" and "Created Job a-2" are two stories.
 * A hash, because thousands of them are remembered for minutes and a note is up to a kilobyte.
 */
export function seriesId({ regarding, type, reason, action, note }: RecordedEvent): string {
  return hash('sha256', [regarding.metadata.uid ?? '', type, reason, action, note].join('\n'), 'base64');
}

/**
 * Ends in the time and a count, both in hex: the API server lists by name, so the story is told in its order.
 * Names end up to 253 characters; what is cut must not end in a dash or dot.
 */
export function eventName(name: string, at: Date, count: number): string {
  const order = at.getTime().toString(16).padStart(12, '0') + (count % 0x10000).toString(16).padStart(4, '0');
  return `${name.slice(0, 200).replace(/[-.]+$/, '')}.${order}`;
}

/** The API server refuses a longer note, and a cut inside a character would not be UTF-8. */
function truncate(note: string): string {
  const bytes = Buffer.from(note);
  return bytes.length <= NOTE_BYTES ? note : `${bytes.subarray(0, NOTE_BYTES - 4).toString('utf8').replace(/\uFFFD$/, '')}…`;
}
