/** Where all rows play. */
export const namespace = 'e2e-argocd';
/** As the documentation names it. */
export const service = 'mixtral';
export const storage = 's3://models/argocd/';
export const model = `${storage}tiny-moe/`;
/** Of all rows that move a service: each finds the model there that was published before the first one. */
export const output = `${storage}pruned/`;
