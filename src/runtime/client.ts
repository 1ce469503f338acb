import type { KubeConfig } from '@kubernetes/client-node';
import type { WatchingClient } from './types.ts';
export interface ClientOptions {
  readonly kubeConfig: KubeConfig;
  /** Field manager of server-side apply, and the name in the user agent. */
  readonly fieldManager: string;
  readonly requestTimeoutMs?: number;
  /** `code` is the HTTP status, or `<error>` where there was no answer. */
  readonly onRequest?: (method: string, code: string) => void;
}
export declare function createClient(options: ClientOptions): WatchingClient;
