/** All rows; those with `always` are part of `make test`. */
import type { Row } from '../lib/row.ts';
import { failures } from './failures.ts';
import { fieldManagers } from './field-managers.ts';
import { moves } from './moves.ts';
import { operatorKilled } from './operator-killed.ts';

export const rows: readonly Row[] = [...moves, ...failures, ...fieldManagers, ...operatorKilled];
