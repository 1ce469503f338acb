"""One Task, one Job, as kopf's own tutorial would write it."""

from typing import Any

import kopf
import kubernetes

GROUP, VERSION, PLURAL = "bench.stun-operator.io", "v1", "tasks"
LABEL = "bench.stun-operator.io/task"


@kopf.on.startup()
def connect(**_: Any) -> None:
    kubernetes.config.load_kube_config()


@kopf.on.create(GROUP, VERSION, PLURAL)
def create(spec: kopf.Spec, name: str, namespace: str, patch: kopf.Patch, **_: Any) -> None:
    metadata = {"name": name, "labels": {LABEL: name}}
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": dict(spec["job"])}
    kopf.adopt(job)
    kubernetes.client.BatchV1Api().create_namespaced_job(namespace, job)
    patch.status["phase"] = "Running"


@kopf.on.event("batch", "v1", "jobs", labels={LABEL: kopf.PRESENT})
def job_changed(
    status: kopf.Status, labels: kopf.Labels, namespace: str, event: kopf.RawEvent, **_: Any
) -> None:
    conditions = {c["type"] for c in status.get("conditions", []) if c["status"] == "True"}
    finished = conditions & {"Complete", "Failed"}
    was_there_at_start = event["type"] is None
    if not finished or was_there_at_start:
        return
    kubernetes.client.CustomObjectsApi().patch_namespaced_custom_object_status(
        GROUP, VERSION, namespace, PLURAL, labels[LABEL], {"status": {"phase": finished.pop()}}
    )
