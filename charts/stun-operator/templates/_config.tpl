{{/* The operator's configuration file. Its pod is replaced when this changes, and only then. */}}
{{- define "stun-operator.config" -}}
engine:
  image: {{ include "stun-operator.image" (list .Values.engine.image .Chart.AppVersion) | quote }}
  imagePullPolicy: {{ .Values.engine.image.pullPolicy }}
  serviceAccountName: {{ .Values.engine.serviceAccountName | quote }}
  {{- with .Values.engine.podTemplate }}
  podTemplate:
    {{- toYaml . | nindent 4 }}
  {{- end }}
policy: {{ .Values.policy | toJson }}
watchNamespaces: {{ .Values.watchNamespaces | toJson }}
readNodes: {{ .Values.readNodes }}
logLevel: {{ .Values.logLevel }}
{{- end -}}
