/** All commands, in the order in which one needs them. */
import type { Command } from './command.ts';
import { completion } from './completion.ts';
import { plan } from './plan.ts';
import { report } from './report.ts';
import { rollback } from './rollback.ts';
import { run } from './run.ts';
import { watch } from './watch.ts';

export const commands: readonly Command[] = [plan, run, watch, report, rollback, completion];
