/** What the moments of a load come to. */
import type { Moment, Sighting } from './watcher.ts';

/**
 * Endless where the end never came: left out, the worst objects would make a contender look better.
 *
 * Two watches may tell of two moments in the other order; the gap is then below what they can tell apart.
 */
export function gaps(sightings: readonly Sighting[], from: Moment, to: Moment): number[] {
  return sightings.flatMap(({ [from]: begin, [to]: end = Infinity }) => (begin === undefined ? [] : Math.max(0, end - begin)));
}

/** Milliseconds in, objects a second out. */
export function perSecond(ends: readonly number[], began: number): number {
  return ends.length === 0 ? 0 : (ends.length * 1000) / (Math.max(...ends) - began);
}
