/** What a ConfigMap argocd-cm takes, from the scripts in the layout of Argo CD's own resource_customizations. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dump } from 'js-yaml';

const key = 'stun-operator.io_PruneJob';

/** `folder` is that of the kind, with health.lua and actions/ in it. */
export function argocdConfig(folder: string): object {
  const data = {
    [`resource.customizations.health.${key}`]: read(folder, 'health.lua'),
    [`resource.customizations.actions.${key}`]: dump(actions(join(folder, 'actions')), { lineWidth: -1 }),
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
