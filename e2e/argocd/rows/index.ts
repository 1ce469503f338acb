import type { Row } from '../lib/row.ts';
import { degraded } from './degraded.ts';
import { finished } from './finished.ts';
import { fromGit } from './from-git.ts';
import { health } from './health.ts';
import { leftOut } from './left-out.ts';
import { oneSync } from './one-sync.ts';

export const rows: readonly Row[] = [health, degraded, finished, fromGit, leftOut, ...oneSync];
