import type { Registry } from 'prom-client';
/** Own metrics of the product are registered on `registry`. */
export interface RuntimeMetrics { readonly registry: Registry }
export declare function createMetrics(): RuntimeMetrics;
