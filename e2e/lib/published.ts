/** The fixture's model, and the pruned one made of it: PruneJobs that come later with the same recipe find it, and prune nothing. */
import { apply } from './kubectl.ts';
import { patience } from './patience.ts';
import { explain, isTrue, samplePruneJob, untilFinished } from './prunejob.ts';
import * as s3 from './s3.ts';

export interface Published {
  readonly model: string;
  readonly output: string;
  readonly namespace: string;
}

export async function publish({ model, output, namespace }: Published): Promise<void> {
  await s3.put('engine/fixture/model', model);
  await s3.put('engine/fixture/data/', 's3://data/');
  await apply(await samplePruneJob('published', { model: { uri: model }, output: { uri: output }, serving: undefined }), namespace);
  const job = await untilFinished('published', namespace, patience);
  if (!isTrue(job, 'Complete')) throw new Error(`The model to serve was not published: ${explain(job)}`);
}
