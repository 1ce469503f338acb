{{/* What the operator may do where PruneJobs are served. No Secrets: storage credentials reach the engine's pods by name only. */}}
{{- define "stun-operator.rules" -}}
# `patch` writes the finalizer; `get` asks, before a service is written to, whether the PruneJob is still what was decided about.
- apiGroups: [stun-operator.io]
  resources: [prunejobs]
  verbs: [get, list, watch, patch]
- apiGroups: [stun-operator.io]
  resources: [prunejobs/status]
  verbs: [patch]
# `patch` changes the deadline and the time to live; the pod template is left to a queue such as Kueue.
- apiGroups: [batch]
  resources: [jobs]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
# The scratch disk of a run: `patch` is left out, because a claim is only ever made and dropped.
- apiGroups: [""]
  resources: [persistentvolumeclaims]
  verbs: [get, list, watch, create, delete]
# The patch for Git, where a PruneJob asks for serving.mode Emit. Never read: what others keep in ConfigMaps is not ours.
- apiGroups: [""]
  resources: [configmaps]
  verbs: [create, patch]
# What Kueue says of a Job that it holds back, where runner.queueName gives it one.
- apiGroups: [kueue.x-k8s.io]
  resources: [workloads]
  verbs: [list]
# Read for the names of its Secrets, which the engine's pods then refer to.
- apiGroups: [""]
  resources: [serviceaccounts]
  verbs: [get]
# Read for the addresses at which a canary and the service beside it answer, where quality.endpoint asks them.
- apiGroups: [""]
  resources: [services]
  verbs: [get]
- apiGroups: [serving.kserve.io]
  resources: [inferenceservices]
  verbs: [get, list, watch, patch]
- apiGroups: [serving.kserve.io]
  resources: [llminferenceservices]
  verbs: [get, patch]
# What really serves; the service's own Ready is not believed. `patch` moves a service that is a Deployment itself.
- apiGroups: [apps]
  resources: [deployments]
  verbs: [get, list, watch, patch]
- apiGroups: [apps]
  resources: [replicasets]
  verbs: [list, watch]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end -}}
