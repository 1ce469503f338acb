{{/* Names, labels and images that several templates share. */}}

{{/*
The release's name where it already says what runs, else release and chart: two releases must not share cluster-scoped names. 55 characters, because the Service
adds eight and may have 63; its name begins with a letter, which a release's need not.
*/}}
{{- define "stun-operator.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else if regexMatch "^[0-9]" .Release.Name -}}
{{- printf "%s-%s" .Chart.Name .Release.Name | trunc 55 | trimSuffix "-" -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 55 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 55 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* A release may be called 2026, or true: every name is quoted. */}}
{{- define "stun-operator.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
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
name: {{ printf "%s%s" (.name | default (include "stun-operator.fullname" .root)) (.suffix | default "") | quote }}
{{- with .namespace }}
namespace: {{ . | quote }}
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
  name: {{ include "stun-operator.serviceAccountName" . | quote }}
  namespace: {{ .Release.Namespace | quote }}
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
