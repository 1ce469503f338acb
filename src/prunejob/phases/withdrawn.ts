/**
 * In a restricted installation the owner of a service may take their leave back at any time until it is served: a plan is made hours before
 * the first write, so what was allowed then says nothing about now.
 */
import { handoverOf, hasTouched } from '../handover/handover.ts';
import { notOffered } from '../handover/ownership.ts';
import { isRollingOut, type Run } from '../run.ts';
import { fail, type Step } from '../step.ts';
import { startPutBack } from './put-back.ts';

export function withdrawn(run: Run): Step | undefined {
  const handover = isRollingOut(run) ? handoverOf(run) : undefined;
  const problem = handover && notOffered(run, handover.service);
  if (handover === undefined || problem === undefined) return undefined;
  return hasTouched(run, handover) ? startPutBack(run, problem) : fail(run, problem, 'Served');
}
