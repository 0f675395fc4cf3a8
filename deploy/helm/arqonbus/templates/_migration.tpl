{{/* The pod that migrates the tables. */}}
{{- define "arqonbus.migrationPod" -}}
{{- $service := dict "root" . "service" "migrate" -}}
metadata:
  labels: {{- include "arqonbus.labels" $service | nindent 4 }}
spec:
  restartPolicy: Never
  {{- include "arqonbus.podSecurity" . | nindent 2 }}
  containers:
    - name: migrate
      image: {{ include "arqonbus.image" (dict "root" . "image" .Values.migrations.image) }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      # A new pod may be let to Postgres only once the policies of the network have heard of it.
      args: [migrate, --json, --wait, 60s]
      env:
        {{- include "arqonbus.environment" $service | trim | nindent 8 }}
      resources: {{- toYaml .Values.migrations.resources | nindent 8 }}
      {{- include "arqonbus.containerSecurity" . | nindent 6 }}
      volumeMounts:
        {{- include "arqonbus.volumeMounts" $service | trim | nindent 8 }}
  volumes:
    {{- include "arqonbus.volumes" $service | trim | nindent 4 }}
{{- end -}}
