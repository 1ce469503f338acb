/** Where all rows play. */
export const namespace = 'e2e-kueue';
export const storage = 's3://models/kueue/';
export const model = `${storage}tiny-moe/`;
/** As docs/how-to/kueue.md names them. */
export const clusterQueue = 'gpus';
export const localQueue = 'gpu-queue';
export const hurry = 'in-a-hurry';
