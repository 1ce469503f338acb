/** A row of the tables: which PruneJob meets which fault at which moment, and how it must end all the same. */
import { freshOperator } from '../../lib/operator.ts';
import { expectOutcome, type Expected } from './outcome.ts';
import { Scene, type SceneOptions } from './scene.ts';

export interface Fault extends SceneOptions, Expected {
  readonly title: string;
  /** Of the installed operator, before the fault; 1 unless said. */
  readonly replicas?: number;
  /** The moment of the fault, and the fault; the PruneJob has just been applied. */
  readonly cause: (scene: Scene) => Promise<void>;
}

export async function suffer(fault: Fault, digest: string): Promise<void> {
  await freshOperator(fault.replicas ?? 1);
  await using scene = await Scene.begin(fault);
  await fault.cause(scene);
  await expectOutcome(scene, fault, digest);
}
