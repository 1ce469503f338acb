/**
 * The operator's configuration as kustomize's configMapGenerator makes it.
 *
 * The operator reads its configuration once, at start, and nobody but Helm computes a checksum of it. A generated ConfigMap has a hash of its content in its
 * name, so that a changed one is another one to mount, which gives new pods.
 */
import type { KubeObject } from '../src/runtime/types.ts';

export const configFile = 'config.yaml';

interface ConfigMap extends KubeObject {
  readonly data: { readonly [configFile]: string };
}

export interface Split {
  readonly config: ConfigMap;
  readonly others: readonly KubeObject[];
}

export function splitConfig(objects: readonly KubeObject[]): Split {
  const config = objects.find(isConfig);
  if (config === undefined) throw new Error(`The chart renders no ConfigMap with ${configFile}; name the new place of the configuration in scripts/generated-config.ts.`);
  return { config, others: objects.filter((object) => object !== config) };
}

function isConfig(object: KubeObject): object is ConfigMap {
  return object.kind === 'ConfigMap' && configFile in (object as ConfigMap).data;
}

/** For the base. The namespace is named, because an overlay's generator finds it by both. */
export function generatorOf({ metadata: { name, namespace, labels } }: ConfigMap): object {
  return { name, namespace, files: [configFile], options: { labels } };
}

/** For an overlay. Not a patch: kustomize trims patches, and the last line of the file with them. */
export function replacementOf({ metadata: { name, namespace } }: ConfigMap): object {
  return { name, namespace, behavior: 'replace', files: [configFile] };
}
