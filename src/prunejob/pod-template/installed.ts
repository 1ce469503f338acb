/**
 * What the administrator wrote into `engine.podTemplate` stays as it is, whatever the policy allows.
 *
 * A template that only changes a mount of theirs asks for no privilege, and yet may write where they let it read; one that takes their
 * proxy or their certificates away goes round them. Where a pod runs and what it may use is not meant: there the run's author knows best.
 */
import { engineContainer } from '../engine/messages.ts';
import type { Fields } from '../json-checks.ts';
import { containersOf, fieldsOf, items, nameOf, type Finding } from './privileges.ts';

const enginePath = `spec.containers[${engineContainer}]`;

/** One finding for each part of a template that only its writer may change. */
export function parts(template: Fields): readonly Finding[] {
  const spec = fieldsOf(template.spec);
  const containers = containersOf(spec);
  const engine = containers.find(({ path }) => path === enginePath)?.fields ?? {};
  return [
    { path: 'spec.runtimeClassName', value: spec.runtimeClassName ?? null },
    ...items(spec.volumes).map((volume) => ({ path: `spec.volumes[${nameOf(volume)}]`, value: volume })),
    ...containers.filter(({ path }) => path !== enginePath).map(({ path, fields }) => ({ path, value: fields })),
    ...items(engine.volumeMounts).map((mount) => ({ path: `${enginePath}.volumeMounts[${String(mount.mountPath)}]`, value: mount })),
    ...items(engine.env).map((variable) => ({ path: `${enginePath}.env[${nameOf(variable)}]`, value: variable })),
    ...items(engine.envFrom).map((from) => ({ path: `${enginePath}.envFrom`, value: from })),
  ];
}
