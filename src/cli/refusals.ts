/** What the API server refuses, as sentences with a remedy. */
import { group, kind, plural } from '../api/names.ts';
import type { ApiError } from '../runtime/errors.ts';
import { Failed } from './command.ts';

interface Asked {
  readonly server: string;
  readonly context: string;
  readonly namespace: string;
  /** Of the environment, where kubectl would go through it. */
  readonly proxy: string | undefined;
}

const resource = `${plural}.${group}`;

const remedies: Readonly<Record<number, (error: ApiError, asked: Asked) => string>> = {
  0: ({ message }, { server, context, proxy }) => `${ended(message)} Check that the cluster of context ${context} runs, that this machine reaches ${server}, and that the kubeconfig's credentials work.${throughProxy(proxy)}`,
  401: (_, { context }) => `The API server does not know who you are. Log in again: it refused the credentials of context ${context}.`,
  403: ({ message }, { namespace }) => `${ended(message)} Ask whoever looks after the cluster for this right; kubectl auth can-i --list -n ${namespace} shows those that you have.`,
  404: notServed,
  409: ({ reason, message }) => (reason === 'AlreadyExists' ? `${ended(message)} One PruneJob is one run, so another run takes another name, or delete that one first.` : `${ended(message)} Somebody else changed it at the same moment; try again.`),
};

export function explained(error: ApiError, asked: Asked): Failed {
  const remedy = remedies[error.code];
  return new Failed(remedy === undefined ? ended(error.message) : remedy(error, asked), { cause: error });
}

/** A kind that is not installed and a namespace that does not exist are both a 404. */
function notServed({ message }: ApiError, { context, namespace }: Asked): string {
  if (message.includes('namespaces "')) return `Namespace ${namespace} does not exist in the cluster of context ${context}. Create it, or write another with -n.`;
  return `The cluster of context ${context} knows no ${kind}: the CRD ${resource} is not installed. Install the operator, charts/stun-operator or kubectl apply --server-side -k manifests/base, or write another --context.`;
}

function throughProxy(proxy: string | undefined): string {
  return proxy === undefined || proxy === '' ? '' : ` HTTPS_PROXY is not read here; write it into the kubeconfig: kubectl config set-cluster CLUSTER --proxy-url=${proxy}`;
}

function ended(message: string): string {
  return /[.!?]$/.test(message) ? message : `${message}.`;
}
