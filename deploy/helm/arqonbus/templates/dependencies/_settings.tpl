{{/* "true" where a server is the release's own. Takes {root, server}: nats, valkey or postgres. */}}
{{- define "arqonbus.runs" -}}
{{- $dependencies := .root.Values.dependencies -}}
{{- if and $dependencies.enabled (get $dependencies .server).enabled }}true{{ end -}}
{{- end -}}

{{/* Names of the servers of NATS, as clients and each other reach them. */}}
{{- define "arqonbus.natsHosts" -}}
{{- $name := printf "%s-nats" (include "arqonbus.fullname" .) -}}
{{- $hosts := list -}}
{{- range $number := until (int .Values.dependencies.nats.replicas) -}}
{{- $hosts = append $hosts (printf "%s-%d.%s" $name $number $name) -}}
{{- end -}}
{{- join " " $hosts -}}
{{- end -}}

{{/* The settings in force as YAML: those of the values, and where the release's own servers are. */}}
{{- define "arqonbus.settings" -}}
{{- $own := dict -}}
{{- if include "arqonbus.runs" (dict "root" . "server" "nats") -}}
{{- $urls := list -}}
{{- range splitList " " (include "arqonbus.natsHosts" .) -}}
{{- $urls = append $urls (printf "tls://%s:4222" .) -}}
{{- end -}}
{{- $_ := set $own "nats" (dict "url" $urls "replicas" (int .Values.dependencies.nats.replicas)) -}}
{{- end -}}
{{- if include "arqonbus.runs" (dict "root" . "server" "valkey") -}}
{{- $url := printf "rediss://%s-valkey:6379" (include "arqonbus.fullname" .) -}}
{{- $_ := set $own "valkey" (dict "url" (list $url) "user" "brain") -}}
{{- end -}}
{{- toYaml (merge (deepCopy .Values.settings) $own) -}}
{{- end -}}

{{/* {nats: {name, key}, …}: certificates of authorities; of the release's own servers where none is named. */}}
{{- define "arqonbus.authorities" -}}
{{- $root := . -}}
{{- $authorities := deepCopy .Values.authorities -}}
{{- range $server := list "nats" "valkey" "postgres" -}}
{{- if and (include "arqonbus.runs" (dict "root" $root "server" $server)) (not (get $authorities $server).name) -}}
{{- $name := printf "%s-%s" (include "arqonbus.fullname" $root) $server -}}
{{- $_ := set $authorities $server (dict "name" $name "key" "ca.crt") -}}
{{- end -}}
{{- end -}}
{{- toYaml $authorities -}}
{{- end -}}

{{/* The secrets of the bus that are made with its servers, where the values ask for them and name no Secret. */}}
{{- define "arqonbus.madeKeys" -}}
{{- $made := list -}}
{{- if .Values.dependencies.enabled -}}
{{- range $key := list "auth.jwt_secret" "http.admin_token" "log.id_key" "resume.key" "webhooks.secret_key" -}}
{{- $source := get $.Values.secrets $key -}}
{{- if and (kindIs "map" $source) (not $source.name) }}{{ $made = append $made $key }}{{ end -}}
{{- end -}}
{{- end -}}
{{- join " " $made -}}
{{- end -}}

{{/* {entry: {name, key}}: where each secret lies that there is; those that the chart makes, in Secrets of its own. */}}
{{- define "arqonbus.secretSources" -}}
{{- $root := . -}}
{{- $full := include "arqonbus.fullname" . -}}
{{- $made := dict -}}
{{- range $key := compact (splitList " " (include "arqonbus.madeKeys" .)) }}{{ $_ := set $made $key (printf "%s-keys" $full) }}{{ end -}}
{{- range $server, $keys := include "arqonbus.serverSecrets" . | fromYaml -}}
{{- if include "arqonbus.runs" (dict "root" $root "server" $server) -}}
{{- range $keys }}{{ $_ := set $made . (printf "%s-%s" $full $server) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- $sources := dict -}}
{{- range $entry := uniq (concat (keys .Values.secrets) (keys $made)) | sortAlpha -}}
{{- /* null stays where values are reused (helm upgrade --reuse-values). */ -}}
{{- $given := get $root.Values.secrets $entry -}}
{{- if or (kindIs "map" $given) (hasKey $made $entry) -}}
{{- $given = $given | default dict -}}
{{- $isMade := and (hasKey $made $entry) (not $given.name) -}}
{{- $name := $given.name | default (get $made $entry) | default $root.Values.secretName -}}
{{- $_ := set $sources $entry (dict "name" $name "key" (ternary $entry ($given.key | default $entry) $isMade)) -}}
{{- end -}}
{{- end -}}
{{- toYaml $sources -}}
{{- end -}}

{{/* What our services must know of each server. */}}
{{- define "arqonbus.serverSecrets" -}}
nats: [nats.password.shield, nats.password.brain, nats.password.bridge]
valkey: [valkey.password]
postgres: [postgres.url, postgres.owner_url]
{{- end -}}
