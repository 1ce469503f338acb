/** Chance that can be had again: the same seed and count always draw the same. */
import { createHash } from 'node:crypto';

/** From 0 up to, but not including, 1. */
export function draw(seed: number, count: number): number {
  return createHash('sha256').update(`${seed}/${count}`).digest().readUInt32BE(0) / 2 ** 32;
}
