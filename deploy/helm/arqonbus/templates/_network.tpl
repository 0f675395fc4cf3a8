{{/* A policy about the pods of one service. Takes {root, service, ingress, egress}: rules as lists, which may be empty. */}}
{{- define "arqonbus.networkPolicy" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "arqonbus.fullname" .root }}-{{ .service }}
  labels: {{- include "arqonbus.labels" . | nindent 4 }}
  {{- with .annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  podSelector:
    matchLabels: {{- include "arqonbus.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress: {{- toYaml .ingress | nindent 4 }}
  egress: {{- toYaml .egress | nindent 4 }}
{{- end -}}

{{/* {rule: [...]}: who may reach a port; no rule where there is nobody. Takes {from, port}. */}}
{{- define "arqonbus.ingressRule" -}}
rule:
{{- if .from }}
  - from: {{- toYaml .from | nindent 6 }}
    ports: [{port: {{ .port }}, protocol: TCP}]
{{- end }}
{{- end -}}

{{/* {rule: [...]}: what may be reached. Takes {to, ports}. */}}
{{- define "arqonbus.egressRule" -}}
rule:
  - ports:
      {{- range .ports }}
      - {port: {{ . }}, protocol: TCP}
      {{- end }}
    {{- with .to }}
    to: {{- toYaml . | nindent 6 }}
    {{- end }}
{{- end -}}

{{/* {rule: [...]}: the name service. */}}
{{- define "arqonbus.dnsRule" -}}
rule:
  - ports:
      {{- range .Values.networkPolicy.dnsPorts }}
      - {port: {{ . }}, protocol: UDP}
      - {port: {{ . }}, protocol: TCP}
      {{- end }}
{{- end -}}

{{/* {rule: [...]}: a server that services connect to: the release's own, or what the values say. Takes {root, server}. */}}
{{- define "arqonbus.serverEgress" -}}
{{- $told := get .root.Values.networkPolicy.egress .server -}}
{{- if include "arqonbus.runs" . -}}
{{- $own := (include "arqonbus.ownPeer" (dict "root" .root "service" .server) | fromYaml).peer -}}
{{- $port := get (dict "nats" 4222 "valkey" 6379 "postgres" 5432) .server -}}
{{- $told = dict "to" (list $own) "ports" (list $port) -}}
{{- end -}}
{{ include "arqonbus.egressRule" $told }}
{{- end -}}

{{/* {rule: [...]}: what every service that stays connects to. Takes {root, checksTokens}. */}}
{{- define "arqonbus.commonEgress" -}}
{{- $egress := .root.Values.networkPolicy.egress -}}
{{- $rules := (include "arqonbus.dnsRule" .root | fromYaml).rule -}}
{{- $rules = concat $rules (include "arqonbus.serverEgress" (dict "root" .root "server" "nats") | fromYaml).rule -}}
{{- if include "arqonbus.setting" (dict "root" .root "section" "telemetry" "name" "traces_url") -}}
{{- $rules = concat $rules (include "arqonbus.egressRule" $egress.traces | fromYaml).rule -}}
{{- end -}}
{{- if and .checksTokens (include "arqonbus.setting" (dict "root" .root "section" "auth" "name" "jwks_url")) -}}
{{- $rules = concat $rules (include "arqonbus.egressRule" $egress.jwks | fromYaml).rule -}}
{{- end -}}
rule: {{- toYaml $rules | nindent 2 }}
{{- end -}}
