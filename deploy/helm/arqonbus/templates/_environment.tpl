{{/* The secret settings that a service reads (docs/configuration.md). */}}
{{- define "arqonbus.secretsOf" -}}
{{- $keys := list "auth.jwt_secret" "auth.jwt_public_key" -}}
{{- $owned := dict
  "shield" (concat $keys (list "http.admin_token" "log.id_key" "log.other_id_key" "resume.key" "resume.other_key"))
  "brain" (concat $keys (list "postgres.url" "valkey.password" "webhooks.secret_key" "webhooks.other_secret_key"))
  "bridge" $keys
  "migrate" (list "postgres.owner_url")
-}}
{{- join " " (get $owned .) -}}
{{- end -}}

{{/* {files: [{setting, name, key}]}: the secrets of a service that there are. Takes {root, service}. */}}
{{- define "arqonbus.secretFiles" -}}
{{- $root := .root -}}
{{- $service := .service -}}
{{- $files := list -}}
{{- range $setting := splitList " " (include "arqonbus.secretsOf" $service) -}}
{{- $files = append $files (dict "setting" $setting "entry" $setting) -}}
{{- end -}}
{{- $files = append $files (dict "setting" "nats.password" "entry" (printf "nats.password.%s" $service)) -}}
{{- $sources := include "arqonbus.secretSources" $root | fromYaml -}}
files:
{{- range $file := $files }}
{{- with get $sources $file.entry }}
- setting: {{ $file.setting }}
  name: {{ .name }}
  key: {{ .key }}
{{- end }}
{{- end }}
{{- end -}}

{{/* The authorities that a service checks servers against. */}}
{{- define "arqonbus.authoritiesOf" -}}
{{- get (dict "shield" "nats" "brain" "nats valkey postgres" "bridge" "nats outboxes" "migrate" "postgres") . -}}
{{- end -}}

{{/* Environment of a service: what depends on the chart. Settings of the operator are in the file. Takes {root, service}. */}}
{{- define "arqonbus.environment" -}}
{{- $root := .root -}}
{{- $service := .service -}}
{{- $authorities := include "arqonbus.authorities" $root | fromYaml -}}
{{- if ne $service "migrate" -}}
- {name: ARQONBUS_HTTP_HOST, value: 0.0.0.0}
- {name: ARQONBUS_HTTP_PORT, value: '8080'}
- {name: ARQONBUS_NATS_USER, value: {{ $service }}}
{{- if $authorities.nats.name }}
- {name: ARQONBUS_NATS_CA_FILE, value: /etc/arqonbus/authorities/nats.crt}
{{- end }}
{{- end }}
{{- if eq $service "shield" }}
- {name: ARQONBUS_SERVER_HOST, value: 0.0.0.0}
- {name: ARQONBUS_SERVER_PORT, value: '9100'}
- {name: ARQONBUS_TELEMETRY_PORT, value: '9101'}
{{- else if eq $service "bridge" }}
- {name: ARQONBUS_BRIDGE_HOST, value: 0.0.0.0}
- {name: ARQONBUS_BRIDGE_PORT, value: '9102'}
- {name: ARQONBUS_BRIDGE_GRPC_PORT, value: '9103'}
{{- if $root.Values.bridge.outboxes.name }}
- {name: ARQONBUS_OUTBOX_FILE, value: /etc/arqonbus/outboxes/outboxes.yaml}
{{- end }}
{{- else if eq $service "brain" }}
- {name: ARQONBUS_STORAGE_BACKEND, value: postgres}
{{- if $authorities.valkey.name }}
- {name: ARQONBUS_VALKEY_CA_FILE, value: /etc/arqonbus/authorities/valkey.crt}
{{- end }}
{{- end }}
{{- if and (has $service (list "shield" "bridge")) (get $root.Values $service).tls.secretName }}
- {name: ARQONBUS_SERVER_TLS_CERT_FILE, value: /etc/arqonbus/tls/tls.crt}
- {name: ARQONBUS_SERVER_TLS_KEY_FILE, value: /etc/arqonbus/tls/tls.key}
{{- end }}
{{- range (include "arqonbus.secretFiles" . | fromYaml).files }}
- name: {{ printf "ARQONBUS_%s_FILE" (.setting | upper | replace "." "_") }}
  value: /etc/arqonbus/secrets/{{ .setting }}
{{- end }}
{{- end -}}

{{/* Files of a service: one volume for each kind. Takes {root, service}. */}}
{{- define "arqonbus.volumes" -}}
{{- $root := .root -}}
{{- $service := .service -}}
{{- if ne $service "migrate" -}}
- name: settings
  configMap: {name: {{ include "arqonbus.fullname" $root }}-settings}
{{- end }}
{{- with (include "arqonbus.secretFiles" . | fromYaml).files }}
- name: secrets
  projected:
    # 0440, which readers of YAML do not agree on: the service is of their group (fsGroup), and owns nothing.
    defaultMode: 288
    sources:
    {{- range . }}
    - secret:
        name: {{ .name }}
        items: [{key: {{ .key | quote }}, path: {{ .setting | quote }}}]
    {{- end }}
{{- end }}
{{- $authorities := include "arqonbus.authorities" $root | fromYaml }}
{{- $mounted := list }}
{{- range splitList " " (include "arqonbus.authoritiesOf" $service) }}
{{- $source := get $authorities . }}
{{- if $source.name }}
{{- $mounted = append $mounted (dict "name" $source.name "key" ($source.key | default "ca.crt") "path" (printf "%s.crt" .)) }}
{{- end }}
{{- end }}
{{- with $mounted }}
- name: authorities
  projected:
    defaultMode: 288
    sources:
    {{- range . }}
    - secret:
        name: {{ .name }}
        items: [{key: {{ .key | quote }}, path: {{ .path | quote }}}]
    {{- end }}
{{- end }}
{{- if and (eq $service "bridge") $root.Values.bridge.outboxes.name }}
{{- $source := $root.Values.bridge.outboxes }}
- name: outboxes
  projected:
    defaultMode: 288
    sources:
    - secret:
        name: {{ $source.name }}
        items: [{key: {{ $source.key | default "outboxes.yaml" | quote }}, path: outboxes.yaml}]
{{- end }}
{{- if and (has $service (list "shield" "bridge")) (get $root.Values $service).tls.secretName }}
- name: tls
  secret: {secretName: {{ (get $root.Values $service).tls.secretName }}, defaultMode: 288}
{{- end }}
{{- end -}}

{{/* Takes {root, service}. */}}
{{- define "arqonbus.volumeMounts" -}}
{{- range (include "arqonbus.volumes" . | fromYamlArray) }}
- {name: {{ .name }}, mountPath: /etc/arqonbus/{{ .name }}, readOnly: true}
{{- end }}
{{- end -}}
