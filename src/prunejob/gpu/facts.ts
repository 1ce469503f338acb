/**
 * What the engine reads from a model's headers and config.json, as far as the GPU plan counts with it.
 *
 * Checked here once, because the plan divides by some of it.
 */
import { hasNumbers, hasTexts, isObject, type Fields } from '../json-checks.ts';

export interface ModelFacts {
  readonly family: string;
  readonly architecture: string;
  /** Of the tensors as they are stored; `experts` and `routers` shrink with the number of experts. */
  readonly bytes: { readonly experts: number; readonly routers: number; readonly total: number };
  readonly layers: number;
  /** Of each layer that has any; 0 for a dense model. */
  readonly experts: number;
  readonly topK: number;
  readonly expertGroups: number;
  readonly topKGroups: number;
  /** The best experts of a group whose scores the router adds to rank the group. */
  readonly rankingExperts: number;
  readonly attentionHeads: number;
  /** 1 for latent attention, whose cache serves all heads. */
  readonly kvHeads: number;
  /** Of all layers, as if none had a window. */
  readonly kvBytesPerToken: number;
  /** Layers that keep the last `slidingWindow` tokens only. */
  readonly slidingLayers: number;
  readonly slidingWindow: number;
  readonly vocabSize: number;
  readonly maxPositionEmbeddings: number;
}

const texts = ['family', 'architecture'];
const positive = ['layers', 'expertGroups', 'topKGroups', 'attentionHeads', 'kvHeads', 'vocabSize', 'maxPositionEmbeddings'];
const numbers = ['experts', 'topK', 'rankingExperts', 'kvBytesPerToken', 'slidingLayers', 'slidingWindow'];
const byteKinds = ['experts', 'routers', 'total'];

/** Names of facts that are absent, or that no model can have; none where the plan can count with them. */
export function missingFacts(fields: Fields): string[] {
  const bytes = isObject(fields.bytes) ? fields.bytes : {};
  return [
    ...texts.filter((name) => !hasTexts(fields, [name])),
    ...positive.filter((name) => !hasNumbers(fields, [name]) || fields[name] === 0),
    ...numbers.filter((name) => !hasNumbers(fields, [name])),
    ...byteKinds.filter((name) => !hasNumbers(bytes, [name])).map((name) => `bytes.${name}`),
  ];
}
