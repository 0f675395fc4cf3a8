{{/* The configuration of a server of NATS. */}}
{{- define "arqonbus.natsConfig" -}}
listen: "0.0.0.0:4222"
# For the probes alone: it tells whoever asks of subjects and clients.
http: "127.0.0.1:8222"

# A frame of a client may take 1 MiB; an envelope adds some (PRT-28).
max_payload: 2MB
max_pending: 64MB

# Clients are sent to the others before it ends.
lame_duck_grace_period: "5s"
lame_duck_duration: "30s"

tls {
  cert_file: "/etc/arqonbus/secrets/tls.crt"
  key_file: "/etc/arqonbus/secrets/tls.key"
}

jetstream {
  store_dir: "/data"
  max_memory_store: 64MB
  max_file_store: {{ .Values.dependencies.nats.maxFileStore }}
  sync_interval: 2s
}
{{- if gt (int .Values.dependencies.nats.replicas) 1 }}

cluster {
  name: {{ include "arqonbus.fullname" . | quote }}
  listen: "0.0.0.0:6222"
  # Clients know all by their names, for which there are certificates.
  no_advertise: true
  tls {
    cert_file: "/etc/arqonbus/secrets/tls.crt"
    key_file: "/etc/arqonbus/secrets/tls.key"
    ca_file: "/etc/arqonbus/secrets/ca.crt"
    verify: true
  }
  routes: [
    {{- range splitList " " (include "arqonbus.natsHosts" .) }}
    "tls://{{ . }}:6222"
    {{- end }}
  ]
}
{{- end }}

include "../secrets/users.conf"
{{- end -}}
