/**
 * The files of an emitted patch: what a pull request needs, for kubectl and kustomize, there and back.
 *
 * They name no namespace: kustomize sets it after the patches, and one that is written in the patch would match nothing.
 */
import { compact } from '../compact.ts';
import type { ServiceRef } from '../decision.ts';
import type { KubeObject } from '../kube.ts';
import { yaml } from '../yaml.ts';
import { inLists, jsonPatch, merged, mergePatch, reversed, type PatchOperation } from './patch.ts';

export type PatchFiles = Readonly<Record<string, string>>;

const mergeFile = 'merge-patch.yaml';
const listFile = 'list-patch.json';

/** One way between two states of a service. */
interface Way {
  readonly merge: object;
  readonly json: readonly PatchOperation[];
  /** What the merge patch leaves out. */
  readonly list: readonly PatchOperation[];
}

/** Undefined where the service asks for all that is wanted already. */
export function patchFiles(ref: ServiceRef, live: KubeObject, wanted: KubeObject): PatchFiles | undefined {
  const there = way(ref, live, wanted);
  if (there.json.length === 0) return undefined;
  const back = way(ref, merged(live, wanted), reversed(live, wanted));
  return compact({
    README: readme(ref, there),
    [mergeFile]: yaml(there.merge),
    [listFile]: there.list.length === 0 ? undefined : json(there.list),
    'json-patch.json': json(there.json),
    'kustomization.yaml': yaml(component(ref, there)),
    'revert-merge-patch.yaml': yaml(back.merge),
    'revert-json-patch.json': json(back.json),
  });
}

/** The merge patch on one line. */
export function patchText(ref: ServiceRef, live: KubeObject, wanted: KubeObject): string {
  return JSON.stringify(way(ref, live, wanted).merge);
}

function way(ref: ServiceRef, from: unknown, to: unknown): Way {
  const operations = jsonPatch(from, to);
  const kind = isBuiltIn(ref) ? 'Strategic' : 'Merge';
  return { merge: identified(ref, mergePatch(from, to, kind)), json: operations, list: kind === 'Merge' ? inLists(operations) : [] };
}

/** Only of these do clients know which lists are merged by name. */
function isBuiltIn({ apiVersion }: ServiceRef): boolean {
  return apiVersion === 'apps/v1';
}

function identified({ apiVersion, kind, name }: ServiceRef, patch: unknown): object {
  const { metadata = {}, ...rest } = (patch ?? {}) as { readonly metadata?: object };
  return { apiVersion, kind, metadata: { name, ...metadata }, ...rest };
}

/** With a target, because a patch without one is matched by namespace too. */
function component({ apiVersion, kind, name }: ServiceRef, { list }: Way): object {
  const [group = '', version = ''] = apiVersion.split('/');
  const target = { group, version, kind, name };
  const paths = list.length === 0 ? [mergeFile] : [mergeFile, listFile];
  return { apiVersion: 'kustomize.config.k8s.io/v1alpha1', kind: 'Component', patches: paths.map((path) => ({ path, target })) };
}

function readme(ref: ServiceRef, { list }: Way): string {
  const type = isBuiltIn(ref) ? 'strategic' : 'merge';
  const lists = list.length === 0 ? '' : `\n${listFile}: what a merge patch cannot say, because it would replace a list whole; both belong together.`;
  return `The change that moves ${ref.kind} ${ref.name} to the pruned model. Nothing was applied; commit it to Git in the form that suits you.

${mergeFile}: kubectl patch --local -f SERVICE.yaml --type=${type} --patch-file ${mergeFile} -o yaml${lists}
json-patch.json: the same, with tests of the previous values, so that a service that changed since refuses it; --type=json.
kustomization.yaml: a kustomize component of ${list.length === 0 ? mergeFile : `${mergeFile} and ${listFile}`}; name its folder under components.
revert-merge-patch.yaml, revert-json-patch.json: the way back.
`;
}

function json(operations: readonly PatchOperation[]): string {
  return `[\n${operations.map((operation) => `  ${JSON.stringify(operation)}`).join(',\n')}\n]\n`;
}
