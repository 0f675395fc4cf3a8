{{/* The pods of our services: as nobody that an image or a node knows. */}}
{{- define "arqonbus.podSecurity" -}}
{{- include "arqonbus.podSecurityOf" (dict "root" . "user" 10001) -}}
{{- end -}}

{{/* What the level `restricted` of the Pod Security Standards asks of a pod, and more: no token. Takes {root, user}. */}}
{{- define "arqonbus.podSecurityOf" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .user }}
  runAsGroup: {{ .user }}
  fsGroup: {{ .user }}
  {{- if .keepsFiles }}
  # What a server has written stays as it is: Postgres does not start where others may read it.
  fsGroupChangePolicy: OnRootMismatch
  {{- end }}
  seccompProfile: {type: RuntimeDefault}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "arqonbus.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end -}}

{{/* Milliseconds of the drain, rounded up to seconds, with what stands before and after it (DPL-3). */}}
{{- define "arqonbus.graceSeconds" -}}
{{- $drainMs := include "arqonbus.setting" (dict "root" . "section" "server" "name" "drain_timeout_ms") | default "30000" -}}
{{- add (ceil (divf (float64 $drainMs) 1000)) .Values.endpointPauseSeconds .Values.graceSeconds -}}
{{- end -}}

{{/* The pods of a service that stays. Takes {root, service, ports: [{name, port}]}, and track and image where it has two. */}}
{{- define "arqonbus.podTemplate" -}}
{{- $root := .root -}}
{{- $values := get $root.Values .service -}}
metadata:
  labels:
    {{- include "arqonbus.labels" . | nindent 4 }}
    arqonbus.io/admin: 'true'
    {{- with $values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    # Settings are read at the start, so new ones roll out.
    checksum/settings: {{ include "arqonbus.settings" $root | sha256sum }}
    {{- with $values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "arqonbus.fullname" $root }}
  {{- include "arqonbus.podSecurity" $root | nindent 2 }}
  terminationGracePeriodSeconds: {{ include "arqonbus.graceSeconds" $root }}
  {{- with $values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with $values.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.affinity }}
  affinity: {{- toYaml . | nindent 4 }}
  {{- end }}
  topologySpreadConstraints:
    {{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
    - maxSkew: 1
      topologyKey: {{ $key }}
      whenUnsatisfiable: ScheduleAnyway
      matchLabelKeys: [pod-template-hash]
      labelSelector:
        matchLabels:
          {{- include "arqonbus.selector" $ | nindent 10 }}
    {{- end }}
  containers:
    - name: {{ .service }}
      image: {{ include "arqonbus.image" (dict "root" $root "image" (.image | default $values.image)) }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      args: [--config, /etc/arqonbus/settings/arqonbus.yaml]
      env:
        {{- include "arqonbus.environment" . | trim | nindent 8 }}
      ports:
        {{- range .ports }}
        - {name: {{ .name }}, containerPort: {{ .port }}}
        {{- end }}
      startupProbe:
        httpGet: {path: /health/live, port: admin}
        periodSeconds: 2
        failureThreshold: 30
      # Alive whatever else is down: to start it again would mend nothing.
      livenessProbe:
        httpGet: {path: /health/live, port: admin}
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        httpGet: {path: /health/ready, port: admin}
        periodSeconds: 5
        timeoutSeconds: 3
        failureThreshold: 2
      lifecycle:
        preStop:
          sleep: {seconds: {{ $root.Values.endpointPauseSeconds }}}
      resources: {{- toYaml $values.resources | nindent 8 }}
      {{- include "arqonbus.containerSecurity" $root | nindent 6 }}
      volumeMounts:
        {{- include "arqonbus.volumeMounts" . | trim | nindent 8 }}
  volumes:
    {{- include "arqonbus.volumes" . | trim | nindent 4 }}
{{- end -}}
