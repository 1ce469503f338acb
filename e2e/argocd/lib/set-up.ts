/** For the whole file: Argo CD as it is installed, with our health check, and a pruned model that no row has to prune again. */
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';

import { apply, kubectl } from '../../lib/kubectl.ts';
import { emptyNamespace, freshNamespace } from '../../lib/namespace.ts';
import { freshOperator } from '../../lib/operator.ts';
import { publish } from '../../lib/published.ts';
import * as s3 from '../../lib/s3.ts';
import { ArgoCD, argocdModule, argocdNamespace } from './argocd.ts';
import { follow } from './page.ts';
import { model, namespace, output, storage } from './place.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

export function setUp(): { argocd: () => ArgoCD } {
  let argocd: ArgoCD | undefined;
  beforeAll(async () => {
    await installArgoCD();
    // Two of the eight GPUs would be missing for a canary.
    await emptyNamespace('demo');
    await freshNamespace(namespace);
    argocd = await ArgoCD.start();
    await s3.remove(storage);
    await publish({ model, output, namespace });
  });
  afterAll(async () => {
    await argocd?.[Symbol.asyncDispose]();
    await freshOperator(1);
    await emptyNamespace(namespace);
    await s3.remove(storage);
  });
  return {
    argocd: () => {
      if (argocd === undefined) throw new Error('Argo CD did not start.');
      return argocd;
    },
  };
}

/** Its CRDs, and its configuration with what the documentation adds to it. */
async function installArgoCD(): Promise<void> {
  await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: argocdNamespace } }, argocdNamespace);
  for (const part of ['crds', 'base/config']) await kubectl(['apply', '-n', argocdNamespace, '--server-side', '--force-conflicts', '-k', join(argocdModule, 'manifests', part)]);
  await kubectl(['delete', 'application', '--all', '-n', argocdNamespace]);
  await follow('Install the health check', root);
}
