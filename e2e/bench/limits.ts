/** How long is waited for what a contender may never do. */
import type { Load } from './options.ts';

export const warmUpSeconds = 90;
export const restartSeconds = 60;
export const takeoverSeconds = 120;
/** The slowest contender manages several a second. */
export const allowedSeconds = ({ size, rate }: Load): number => 120 + size / 4 + size / rate;
