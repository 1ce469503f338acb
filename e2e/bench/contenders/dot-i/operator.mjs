/** One Task, one Job, on the stock package with the client it asks for. */
import dotI from '@dot-i/k8s-operator';
import k8s from '@kubernetes/client-node';

const { default: Operator, ResourceEventType } = dotI;
const label = 'bench.stun-operator.io/task';

class TaskOperator extends Operator {
  #tasks = new Map();

  async init() {
    this.jobs = this.kubeConfig.makeApiClient(k8s.BatchV1Api);
    await this.watchResource('bench.stun-operator.io', 'v1', 'tasks', (event) => this.#taskChanged(event));
    await this.watchResource('batch', 'v1', 'jobs', (event) => this.#jobChanged(event));
  }

  async #taskChanged({ type, object, meta }) {
    if (type === ResourceEventType.Deleted) this.#tasks.delete(object.metadata.name);
    else this.#tasks.set(object.metadata.name, meta);
    if (type !== ResourceEventType.Added || object.status !== undefined) return;
    await this.jobs.createNamespacedJob(object.metadata.namespace, jobOf(object));
    await this.patchResourceStatus(meta, { phase: 'Running' });
  }

  async #jobChanged({ object }) {
    const task = this.#tasks.get(object.metadata.labels?.[label]);
    const finished = (object.status?.conditions ?? []).find(({ type, status }) => status === 'True' && ['Complete', 'Failed'].includes(type));
    if (task !== undefined && finished !== undefined) await this.patchResourceStatus(task, { phase: finished.type });
  }
}

function jobOf({ apiVersion, kind, metadata, spec }) {
  const { name, namespace, uid } = metadata;
  const ownerReferences = [{ apiVersion, kind, name, uid, controller: true }];
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name, namespace, labels: { [label]: name }, ownerReferences }, spec: spec.job };
}

await new TaskOperator(console).start();
