/**
 * The example of the runtime's README, which the tests run: for each ConfigMap labelled `greet` a second one that greets it.
 */
import { KubeOperator } from '../operator.ts';
import { generationChanged, ownerKey, ownKey, source } from '../sources.ts';
import type { Store } from '../store.ts';
import type { Key, KubeObject, ReconcileResult, ResourceType } from '../types.ts';

const CONFIGMAP: ResourceType = { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true };

export class Greeter extends KubeOperator {
  protected override init(): Promise<void> {
    const people = this.watchKind<KubeObject>(CONFIGMAP, { labelSelector: 'greet' });
    const greetings = this.watchKind<KubeObject>(CONFIGMAP, { labelSelector: 'greeting' });
    this.addController({
      name: 'greeter',
      sources: [source(people, ownKey), source(greetings, ownerKey(CONFIGMAP), generationChanged)],
      reconcile: (key) => this.#reconcile(people, key),
    });
    return Promise.resolve();
  }

  async #reconcile(people: Store, key: Key): Promise<ReconcileResult> {
    const person = people.get(key);
    if (person === undefined) return {}; // Gone: its greeting is collected with its owner.
    const { name, namespace = '', uid = '', labels = {} } = person.metadata;
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', name, uid, controller: true };
    const metadata = { name: `${name}-greeting`, namespace, labels: { greeting: '' }, ownerReferences: [owner] };
    await this.client.apply(CONFIGMAP, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { text: `Hello, ${labels['greet'] ?? ''}` } } as KubeObject);
    this.recorder.record({ regarding: person, type: 'Normal', reason: 'Greeted', action: 'Greet', note: `Said hello to ${name}.` });
    return {};
  }
}
