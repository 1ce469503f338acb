/** What all actors share: the cluster they act on, their time, and what is scripted for them. */
import type { ApiServer } from '../api-server/server.ts';
import type { Scheduler } from '../clock/scheduler.ts';
import type { Random } from '../random.ts';
import type { Scenario } from '../scenario.ts';
import type { Bucket } from './bucket.ts';

export interface World {
  readonly scheduler: Scheduler;
  readonly server: ApiServer;
  readonly random: Random;
  readonly bucket: Bucket;
  readonly scenario: Scenario;
}

export function timeOf({ scheduler }: Pick<World, 'scheduler'>): string {
  return `${scheduler.now().toISOString().slice(0, 19)}Z`;
}
