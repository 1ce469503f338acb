/** What a ConfigMap argocd-cm takes, from the scripts in the layout of Argo CD's own resource_customizations. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dump } from 'js-yaml';

/** `folder` is the one that has a folder for each API group. */
export function argocdConfig(folder: string): object {
  const data = {
    'resource.customizations.health.stun-operator.io_PruneJob': read(folder, 'stun-operator.io/PruneJob/health.lua'),
    'resource.customizations.actions.stun-operator.io_PruneJob': dump(actions(join(folder, 'stun-operator.io/PruneJob/actions')), { lineWidth: -1 }),
    'resource.customizations.health.serving.kserve.io_InferenceService': read(folder, 'serving.kserve.io/InferenceService/health.lua'),
    'resource.customizations.health.serving.kserve.io_LLMInferenceService': read(folder, 'serving.kserve.io/LLMInferenceService/health.lua'),
  };
  const labels = { 'app.kubernetes.io/name': 'argocd-cm', 'app.kubernetes.io/part-of': 'argocd' };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'argocd-cm', namespace: 'argocd', labels }, data };
}

function actions(folder: string): object {
  const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory() && entry.name !== 'testdata').map(({ name }) => name);
  const definitions = names.sort().map((name) => ({ name, 'action.lua': read(folder, join(name, 'action.lua')) }));
  return { 'discovery.lua': read(folder, 'discovery.lua'), definitions };
}

function read(folder: string, name: string): string {
  return readFileSync(join(folder, name), 'utf8');
}
