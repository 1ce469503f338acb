{{/* Names, labels and images that several templates share. */}}

{{/* The release's name where it already says what runs, else release and chart: two releases must not share cluster-scoped names. */}}
{{- define "stun-operator.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "stun-operator.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "stun-operator.labels" -}}
{{ include "stun-operator.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{/*
The metadata of an object from (dict "root" $ "name" "x" "suffix" "-metrics" "namespace" "ml" "labels" .. "annotations" ..).
What is left out: the full name, no suffix, no namespace, no marks but everybody's.
*/}}
{{- define "stun-operator.metadata" -}}
name: {{ .name | default (include "stun-operator.fullname" .root) }}{{ .suffix }}
{{- with .namespace }}
namespace: {{ . }}
{{- end }}
labels:
  {{- include "stun-operator.labels" .root | nindent 2 }}
  {{- with merge (dict) (.labels | default dict) .root.Values.commonLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with merge (dict) (.annotations | default dict) .root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "stun-operator.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "stun-operator.fullname" .) -}}
{{- else -}}
{{- required "serviceAccount.create is false, so serviceAccount.name must name the ServiceAccount to use." .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* Whom the bindings give the operator's rights. */}}
{{- define "stun-operator.subjects" -}}
- kind: ServiceAccount
  name: {{ include "stun-operator.serviceAccountName" . }}
  namespace: {{ .Release.Namespace }}
{{- end -}}

{{/* An image reference from (list image appVersion): by digest where given, because a tag can be moved. */}}
{{- define "stun-operator.image" -}}
{{- $image := index . 0 -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $image.repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $image.repository ($image.tag | default (index . 1)) -}}
{{- end -}}
{{- end -}}
