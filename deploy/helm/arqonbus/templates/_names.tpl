{{/* The beginning of all names. */}}
{{- define "arqonbus.fullname" -}}
{{- .Values.fullnameOverride | default .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* Labels that never change, by which pods are selected. Takes {root, service}, and track where a service has two: stable, canary. */}}
{{- define "arqonbus.selector" -}}
app.kubernetes.io/name: arqonbus
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .service }}
{{- with .track }}
arqonbus.io/track: {{ . }}
{{- end }}
{{- end -}}

{{/* Labels of every object. Takes {root, service}. */}}
{{- define "arqonbus.labels" -}}
{{ include "arqonbus.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: arqonbus
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- with .root.Values.labels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Takes {root, image}. A digest wins over a tag. */}}
{{- define "arqonbus.image" -}}
{{- $repository := printf "%s/%s" .root.Values.image.registry .image.repository -}}
{{- if .image.digest -}}
{{ $repository }}@{{ .image.digest }}
{{- else -}}
{{ $repository }}:{{ .image.tag | default .root.Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* A setting as given, or "" where it is not. Takes {root, section, name}. */}}
{{- define "arqonbus.setting" -}}
{{- $value := get (get (include "arqonbus.settings" .root | fromYaml) .section | default dict) .name -}}
{{- if kindIs "slice" $value }}{{ join "," $value }}{{ else if not (kindIs "invalid" $value) }}{{ $value }}{{ end -}}
{{- end -}}
