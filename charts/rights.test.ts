/** What the chart lets the operator do: all that it needs, and no wildcard, no Secrets, no way to more rights. */
import { expect, test, vi } from 'vitest';
import { serviceKinds } from '../src/prunejob/serving/registry.ts';
import * as resources from '../src/shell/resources.ts';
import type { KubeObject } from '../src/runtime/types.ts';
import { ofKind, renderChart } from '../scripts/chart.ts';

// Each test runs helm, which takes seconds when the machine is busy.
vi.setConfig({ testTimeout: 60_000 });

interface Rule {
  readonly apiGroups: string[];
  readonly resources: string[];
  readonly verbs: string[];
}
interface Role extends KubeObject {
  readonly rules: Rule[];
}

const roles = [...ofKind(renderChart(), 'ClusterRole'), ...ofKind(renderChart(), 'Role')] as Role[];
// The others are for people: the cluster's own view and edit roles.
const rules = roles.filter(({ metadata }) => !metadata.name.includes('prunejob-')).flatMap((role) => role.rules);
const kinds = [...Object.values(resources).filter((value) => typeof value === 'object'), ...serviceKinds.map(({ type }) => type)];

test.each(roles)('$kind $metadata.name has no wildcard, no Secrets and no way to more rights', ({ rules: own }) => {
  const words = own.flatMap((rule) => [...rule.apiGroups, ...rule.resources, ...rule.verbs]);
  for (const word of ['*', 'secrets', 'pods/exec', 'serviceaccounts/token', 'bind', 'escalate', 'impersonate']) expect(words).not.toContain(word);
  expect(words.filter((word) => word.endsWith('roles') || word.endsWith('rolebindings'))).toEqual([]);
});

test('the operator writes nothing beyond these', () => {
  const writes = rules.flatMap(({ resources, verbs }) => resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}`)));
  expect(writes.filter((write) => !/^(get|list|watch) /.test(write)).sort()).toEqual([
    'create configmaps', 'create events', 'create jobs', 'create leases', 'create persistentvolumeclaims', 'delete jobs', 'delete persistentvolumeclaims',
    'patch configmaps', 'patch deployments', 'patch events', 'patch inferenceservices', 'patch jobs', 'patch leases', 'patch llminferenceservices', 'patch prunejobs', 'patch prunejobs/status',
  ]);
});

test.each(kinds)('$plural can be read, as the operator does', ({ group, plural }) => {
  const verbs = rules.filter((rule) => rule.apiGroups.includes(group) && rule.resources.includes(plural)).flatMap((rule) => rule.verbs);
  expect(verbs.includes('get') || (verbs.includes('list') && verbs.includes('watch'))).toBe(true);
});

test.each(serviceKinds)('$type.plural can be moved', ({ type }) => {
  expect(rules.some((rule) => rule.apiGroups.includes(type.group) && rule.resources.includes(type.plural) && rule.verbs.includes('patch'))).toBe(true);
});

test('the rights end at the watched namespaces, the nodes aside', () => {
  const objects = renderChart({ watchNamespaces: ['ml', 'lab'] });
  for (const kind of ['Role', 'RoleBinding']) {
    expect(ofKind(objects, kind).map(place).sort()).toEqual(['lab/stun-operator', 'ml/stun-operator', 'stun-operator/stun-operator-leader-election']);
  }
  for (const kind of ['ClusterRole', 'ClusterRoleBinding']) expect(forOperator(ofKind(objects, kind)).map(place)).toEqual(['/stun-operator-nodes']);
  const inNamespace = ofKind(objects, 'Role').find(({ metadata }) => metadata.namespace === 'ml') as Role;
  const inCluster = ofKind(renderChart(), 'ClusterRole').find(({ metadata }) => metadata.name === 'stun-operator') as Role;
  expect(inNamespace.rules).toEqual(inCluster.rules);
});

test('without the nodes there is no right outside of the namespaces at all', () => {
  const objects = renderChart({ watchNamespaces: ['ml'], readNodes: false });
  for (const kind of ['ClusterRole', 'ClusterRoleBinding']) expect(forOperator(ofKind(objects, kind))).toEqual([]);
});

test('PruneJobs join the cluster\'s own roles, and nobody gets to write their status', () => {
  const people = ofKind(renderChart(), 'ClusterRole').filter(({ metadata }) => metadata.name.includes('prunejob-')) as Role[];
  expect(people.map(({ metadata }) => Object.keys(metadata.labels ?? {}).filter((label) => label.includes('aggregate-to')).sort())).toEqual([
    ['rbac.authorization.k8s.io/aggregate-to-view'],
    ['rbac.authorization.k8s.io/aggregate-to-admin', 'rbac.authorization.k8s.io/aggregate-to-edit'],
  ]);
  expect(people.flatMap((role) => role.rules.flatMap(({ resources }) => resources))).toEqual(['prunejobs', 'prunejobs']);
});

function place({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

function forOperator(objects: readonly KubeObject[]): KubeObject[] {
  return objects.filter(({ metadata }) => !metadata.name.includes('prunejob-'));
}
