/** The note that a rollout leaves on the service. */
import { annotations } from '../../api/names.ts';
import type { KubeObject, Metadata } from '../kube.ts';
import { compact } from '../compact.ts';
import type { Receipt, ServiceFields } from './adapter.ts';

export function receiptText({ metadata }: KubeObject): string | undefined {
  return metadata.annotations?.[annotations.receipt];
}

export function parseReceipt(text: string | undefined): Receipt | undefined {
  try {
    const value = JSON.parse(text ?? '') as Partial<Receipt> | null;
    return typeof value?.runKey === 'string' && typeof value.gpusBefore === 'number' ? (value as Receipt) : undefined;
  } catch {
    return undefined;
  }
}

/** The metadata of an apply configuration. */
export function metadataWith(ref: { readonly name: string; readonly namespace: string }, { receipt }: Partial<ServiceFields>): Metadata {
  const { name, namespace } = ref;
  return compact({ name, namespace, annotations: receiptAnnotation(receipt) });
}

export function receiptAnnotation(receipt: string | undefined): Readonly<Record<string, string>> | undefined {
  return receipt === undefined ? undefined : { [annotations.receipt]: receipt };
}
