/**
 * One watch between API server and process: events in the server's order, but each as late as the network makes it.
 *
 * Two watches have no common order, so a cache of Jobs may be ahead of one of pods or behind it. Within one watch the order is the
 * server's: a real one never breaks it either.
 */
import { selects } from '../../../src/runtime/labels.ts';
import type { ApiError } from '../../../src/runtime/errors.ts';
import type { KubeObject, WatchEvent, WatchOptions } from '../../../src/runtime/types.ts';
import type { Commit } from '../api-server/storage.ts';
import { Mailbox } from './mailbox.ts';

export type Selection = Pick<WatchOptions, 'namespace' | 'labelSelector'>;

/** An object that leaves the selection is deleted for this watch, one that enters is added. */
export function eventOf({ namespace, labelSelector }: Selection, { before, after, version }: Commit): WatchEvent<KubeObject> | undefined {
  const shown = (object: KubeObject | undefined): boolean =>
    object !== undefined && (namespace === undefined || object.metadata.namespace === namespace) && selects(labelSelector, object.metadata.labels);
  if (shown(after) && after !== undefined) return { type: shown(before) ? 'MODIFIED' : 'ADDED', object: after };
  if (!shown(before) || before === undefined) return undefined;
  return { type: 'DELETED', object: { ...before, metadata: { ...before.metadata, resourceVersion: `${version}` } } };
}

export class WatchStream {
  readonly #mailbox = new Mailbox<WatchEvent<KubeObject>>();

  tell(event: WatchEvent<KubeObject>): void {
    this.#mailbox.put(event);
  }

  /** The server closes it, in order after what it has told; or the connection breaks, with an error. */
  end(error?: ApiError): void {
    this.#mailbox.close(error);
  }

  events(): AsyncGenerator<WatchEvent<KubeObject>> {
    return this.#mailbox.all();
  }
}
