{{/* The configuration of Valkey. */}}
{{- define "arqonbus.valkeyConfig" -}}
port 0
tls-port 6379
tls-cert-file /etc/arqonbus/secrets/tls.crt
tls-key-file /etc/arqonbus/secrets/tls.key
tls-ca-cert-file /etc/arqonbus/secrets/ca.crt
tls-auth-clients no
aclfile /etc/arqonbus/secrets/users.acl
dir /data
appendonly yes
# What does not fit is refused; nothing is thrown away.
maxmemory {{ .Values.dependencies.valkey.maxMemory }}
maxmemory-policy noeviction
{{- end -}}
