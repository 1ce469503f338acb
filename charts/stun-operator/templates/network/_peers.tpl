{{/* Parts of network policies. */}}

{{- define "stun-operator.dns" -}}
- ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]
{{- end -}}

{{/* No list means any address. */}}
{{- define "stun-operator.cidrs" -}}
{{- with . -}}
to:
  {{- range . }}
  - ipBlock: {cidr: {{ . | quote }}}
  {{- end }}
{{- end -}}
{{- end -}}

{{/* The selector of the namespaces whose PruneJobs are served. */}}
{{- define "stun-operator.servedNamespaces" -}}
{{- if .Values.watchNamespaces -}}
matchExpressions: [{key: kubernetes.io/metadata.name, operator: In, values: {{ .Values.watchNamespaces | toJson }}}]
{{- else -}}
{}
{{- end -}}
{{- end -}}
