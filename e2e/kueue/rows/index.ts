import type { Row } from '../lib/row.ts';
import { preempted } from './preempted.ts';
import { suspended } from './suspended.ts';
import { unknownQueue } from './unknown-queue.ts';
import { waitsForQuota } from './waits-for-quota.ts';

export const rows: readonly Row[] = [waitsForQuota, preempted, suspended, unknownQueue];
