/** Everybody but the operator, towards an API server without controllers: runs every Job it is not told to leave, with its engine's message. */
import { facts, result } from '../../src/prunejob/testing/builders.ts';
import { PlayedNode } from '../../src/shell/testing/played-node.ts';
import type { ApiServer } from '../../e2e/lib/apiserver.ts';

export const namespace = 'default';
const outputs = 's3://models/pruned';

export interface Player {
  /** Runs what there is to run, once. */
  play(): Promise<void>;
}

/** Every PruneJob has a run and a place of its own, or one would wait for another. */
export function outputOf(pruneJob: string): string {
  return `${outputs}/${pruneJob}/`;
}

export function createPlayer(server: ApiServer, leave: readonly string[]): Player {
  const node = new PlayedNode(server, namespace);
  const played = new Set<string>();
  return {
    async play() {
      const jobs = await node.jobs();
      for (const { metadata } of jobs) {
        if (played.has(metadata.name) || leave.includes(metadata.name) || metadata.labels?.['stun-operator.io/stage'] === undefined) continue;
        played.add(metadata.name);
        await node.start(metadata.name);
        await node.finish(metadata.name, { exitCode: 0, message: messageOf(metadata.name) });
      }
    },
  };
}

/** `<pj>-<stage>-<attempt>`. */
function messageOf(jobName: string): object {
  const [pruneJob = '', stage] = jobName.split('-');
  const runKey = Buffer.from(pruneJob).toString('hex').padEnd(16, '0').slice(0, 16);
  return stage === 'inspect' ? facts({ runKey }) : result({ runKey, uri: `${outputOf(pruneJob)}tiny-moe/${runKey}/` });
}
