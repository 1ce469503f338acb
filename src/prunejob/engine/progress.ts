/** The engine's progress on its way into the status: seldom enough that a thousand runs do not flood the API server. */
import type { ProgressStatus, PruneJobStatus } from '../../api/v1alpha1/prunejob.ts';
import type { EngineProgress } from '../observed.ts';
import { elapsedMs, rfc3339, type Run } from '../run.ts';

const writeEveryMs = 10_000;

export function nextProgress(run: Run): Partial<PruneJobStatus> {
  const { progress } = run.observed;
  if (progress === undefined) return {};
  const runKey = run.status.runKey ?? progress.runKey ?? undefined;
  const next = { ...fields(progress), updatedAt: rfc3339(run.now) };
  return { ...(runKey === undefined ? {} : { runKey }), ...(isDue(run, next) ? { progress: next } : {}) };
}

/** The estimate alone changes all the time and is no news. */
function isDue(run: Run, next: ProgressStatus): boolean {
  const before = run.status.progress;
  if (before?.updatedAt === undefined) return true;
  const moved = next.percent !== before.percent || next.stage !== before.stage || next.layer !== before.layer;
  return moved && elapsedMs(run, before.updatedAt) >= writeEveryMs;
}

function fields({ stage, layer, layers, percent, estimatedRemainingSeconds }: EngineProgress): ProgressStatus {
  return {
    ...(stage === null ? {} : { stage }),
    ...(layer === null ? {} : { layer }),
    ...(layers === null ? {} : { layers }),
    ...(percent === null ? {} : { percent: Math.floor(percent) }),
    ...(estimatedRemainingSeconds === null ? {} : { estimatedRemainingSeconds }),
  };
}
