{{/*
Data of a Secret that the chart makes, as YAML: what it holds in the cluster already, and for each name in `keys` that is missing
something that nobody can guess. Beginning with a letter: NATS takes what looks like a number for one. Takes {root, name, keys}.
*/}}
{{- define "arqonbus.madeData" -}}
{{- $data := (lookup "v1" "Secret" .root.Release.Namespace .name).data | default dict -}}
{{- range .keys -}}
{{- if not (hasKey $data .) }}{{ $_ := set $data . (printf "p%s" (randAlphaNum 47) | b64enc) }}{{ end -}}
{{- end -}}
{{- toYaml $data -}}
{{- end -}}

{{/*
The same for a server, with a certificate for the names in `hosts`, of an authority whose key is kept nowhere. `localhost` is for
who forwards a port. Takes {root, name, keys, hosts}.
*/}}
{{- define "arqonbus.serverData" -}}
{{- $data := include "arqonbus.madeData" . | fromYaml -}}
{{- if not (and (hasKey $data "ca.crt") (hasKey $data "tls.crt") (hasKey $data "tls.key")) -}}
{{- $hosts := list "localhost" -}}
{{- range $host := .hosts -}}
{{- $hosts = concat $hosts (list $host (printf "%s.%s.svc" $host $.root.Release.Namespace)) -}}
{{- end -}}
{{- $ca := genCAWithKey (printf "ArqonBus %s" .name) 3650 (genPrivateKey "ecdsa") -}}
{{- $certificate := genSignedCertWithKey .name (list "127.0.0.1") $hosts 3650 $ca (genPrivateKey "ecdsa") -}}
{{- $_ := set $data "ca.crt" ($ca.Cert | b64enc) -}}
{{- $_ := set $data "tls.crt" ($certificate.Cert | b64enc) -}}
{{- $_ := set $data "tls.key" ($certificate.Key | b64enc) -}}
{{- end -}}
{{- toYaml $data -}}
{{- end -}}

{{/* A Secret that outlives the release: without it nobody reads what its volumes hold. Takes {root, service, name, data}. */}}
{{- define "arqonbus.madeSecret" -}}
apiVersion: v1
kind: Secret
metadata:
  name: {{ .name }}
  labels: {{- include "arqonbus.labels" . | nindent 4 }}
  annotations:
    helm.sh/resource-policy: keep
type: Opaque
data: {{- toYaml .data | nindent 2 }}
{{- end -}}
