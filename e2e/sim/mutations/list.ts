/** Bugs that the simulation must find: each is the removal of one thing that a careful operator does. */
export interface Mutation {
  readonly name: string;
  readonly edits: readonly { readonly file: string; readonly find: string; readonly replace: string }[];
}

const one = (name: string, file: string, find: string, replace: string): Mutation => ({ name, edits: [{ file, find, replace }] });

export const mutations: readonly Mutation[] = [
  one('act on a stale cache (barrier off)', 'src/runtime/controller.ts', 'if (!this.#barrier.holds(key)) await', 'await'),
  one('Job name without attempt', 'src/prunejob/engine/job.ts', 'name: childName(name, stage, attempt),', 'name: childName(name, stage, 1),'),
  {
    name: 'status before action',
    edits: [
      {
        file: 'src/shell/reconcile.ts',
        find: 'const { decision, pruneJob } = await carryOut(options, observed, first);',
        replace: 'if (!first.actions.some(({ kind }) => kind.endsWith("Finalizer"))) await writeStatus(options.client, observed.pruneJob, first.status);\n    const { decision, pruneJob } = await carryOut(options, observed, first);',
      },
      { file: 'src/shell/reconcile.ts', find: 'const status = await writeStatus(options.client, pruneJob, decision.status);', replace: 'const status = decision.actions.some(({ kind }) => kind.endsWith("Finalizer")) ? await writeStatus(options.client, pruneJob, decision.status) : decision.status;' },
    ],
  },
  one('service patched before verification', 'src/prunejob/phases/rollout.ts', "if (!holds(run, 'Published') || holds(run, 'Served') ||", "if (!holds(run, 'Planned') || holds(run, 'Served') ||"),
  one('timeout after success treated as failure', 'src/shell/create-child.ts', 'if (!isAlreadyExists(error)) throw error;', 'if (isAlreadyExists(error)) return { manifest, message: asError(error).message };\n    throw error;'),
  one('a delete lost at relist', 'src/runtime/store.ts', 'for (const object of gone) this.remove(object);', 'void gone;'),
  one(
    "lease judged by the holder's clock", 'src/runtime/leader.ts',
    'this.#options.clock.elapsedMs() - this.#observedAt >= leaseDurationSeconds * 1000;',
    "this.#options.clock.now().getTime() - Date.parse(this.#lease?.spec?.renewTime ?? '') >= leaseDurationSeconds * 1000;",
  ),
  one('rerun after terminal', 'src/prunejob/decide.ts', '  terminal, // what is over stays over\n', '  (run) => (run.observed.childJobs.length === 0 ? undefined : terminal(run)),\n'),
  one(
    'rollback by empty apply', 'src/shell/release.ts', 'await client.jsonPatch(ref, operations);',
    "await client.apply(ref.type, { apiVersion: 'serving.kserve.io/v1beta1', kind: ref.type.kind, metadata: { name: ref.name, ...(ref.namespace === undefined ? {} : { namespace: ref.namespace }) } });",
  ),
  one('finalizer dropped before rollback', 'src/prunejob/phases/deletion.ts', 'if (isRollingOut(run)) return startPutBack(', 'if (isRollingOut(run) && run.now.getTime() < 0) return startPutBack('),
  one('finalizer dropped before clean', 'src/prunejob/phases/deletion.ts', 'endPods(run) ?? clean(run)', 'endPods(run) ?? (run.now.getTime() < 0 ? clean(run) : undefined)'),
  {
    name: 'uid ignored on re-creation',
    edits: [
      { file: 'src/shell/reconcile.ts', find: 'metadata: { name, namespace, uid, resourceVersion }, status }', replace: 'metadata: { name, namespace }, status }' },
      { file: 'src/shell/reconcile.ts', find: 'const { name, namespace, uid, resourceVersion } = pruneJob.metadata;', replace: 'const { name, namespace } = pruneJob.metadata;' },
      { file: 'src/shell/stores.ts', find: "owner: ({ metadata }) => (metadata.ownerReferences ?? []).filter((owner) => owner.controller).map((owner) => owner.uid),", replace: "owner: ({ metadata }) => (metadata.ownerReferences ?? []).filter((owner) => owner.controller).map((owner) => (owner.kind === 'PruneJob' ? owner.name : owner.uid))," },
      { file: 'src/shell/child-jobs.ts', find: "stores.jobs.byIndex('owner', uid)", replace: "stores.jobs.byIndex('owner', pruneJob.metadata.name)" },
    ],
  },
  one('a leader that was writes on', 'src/shell/write-service.ts', 'compact({ ...object.metadata, uid, resourceVersion })', 'compact({ ...object.metadata, uid })'),
  one('a canary is followed before it is ready', 'src/prunejob/phases/canary.ts', 'if (isUp(run, handover) && silenceOf(run, running) === undefined) {', 'if (isUp(run, handover) || running.pending !== undefined) {'),
  one('the canary stays', 'src/prunejob/phases/canary.ts', 'if (service.fields.canary !== undefined) return {', 'if (service.fields.canary === null) return {'),
  one('nobody waits for another PruneJob', 'src/shell/same-service.ts', 'if (serving === undefined) return undefined;', 'if (serving !== undefined) return undefined;'),
  one('a service is never released', 'src/prunejob/handover/same-service.ts', 'return back === undefined && !isOver(status.conditions);', 'return back === undefined;'),
  {
    name: 'promoted before the gate',
    edits: [
      { file: 'src/prunejob/phases/endpoint-gate.ts', find: 'const handover = isDue(run) ? handoverOf(run) : undefined;', replace: "const handover = isDue(run) && holds(run, 'Served') ? handoverOf(run) : undefined;" },
      { file: 'src/prunejob/phases/rollout.ts', find: '(asksEndpoint(run) && evaluatedAt === undefined)', replace: "(asksEndpoint(run) && evaluatedAt === '')" },
    ],
  },
  one('a refused canary is promoted', 'src/prunejob/phases/endpoint-gate.ts', 'if (refusal !== undefined) return refuse(run, refusal);', ''),
  one('answers of an earlier canary count', 'src/prunejob/phases/endpoint-gate.ts', "(latestChild(run, 'evaluate')?.attempt ?? 0) + 1", "latestChild(run, 'evaluate')?.attempt ?? 1"),
  one('the gate goes on asking', 'src/prunejob/phases/put-back.ts', 'actions: stopJobs(run),', 'actions: stopJobs(run).slice(1),'),
  one('a rollback after the end is forgotten', 'src/prunejob/phases/rollback.ts', "if (holds(run, 'Complete')) return undo(run);", "if (holds(run, 'Complete')) return undefined;"),
  one('a model that answers nobody is served', 'src/prunejob/handover/answers.ts', 'if (status.serving?.previous?.answered !== true) return undefined;', 'if (status !== undefined) return undefined;'),
  one('a queue is passed by', 'src/prunejob/engine/job.ts', 'spec: { suspend: true } }', 'spec: {} }'),
  one('suspend keeps the pod', 'src/prunejob/phases/suspend.ts', 'actions: stopJobs(run),', 'actions: stopJobs(run).slice(1),'),
];
