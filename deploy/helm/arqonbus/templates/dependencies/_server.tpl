{{/* A headless Service of a server: its pods by their names, ready or not, since they find each other so. Takes {root, service, ports}. */}}
{{- define "arqonbus.serverService" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "arqonbus.fullname" .root }}-{{ .service }}
  labels: {{- include "arqonbus.labels" . | nindent 4 }}
spec:
  clusterIP: None
  publishNotReadyAddresses: true
  selector: {{- include "arqonbus.selector" . | nindent 4 }}
  ports:
    {{- range .ports }}
    - {name: {{ .name }}, port: {{ .port }}, targetPort: {{ .name }}}
    {{- end }}
{{- end -}}

{{/* Members of the specification of a StatefulSet beside its pod. Takes {root, service}. */}}
{{- define "arqonbus.serverSet" -}}
serviceName: {{ include "arqonbus.fullname" .root }}-{{ .service }}
podManagementPolicy: Parallel
# Volumes stay whatever becomes of the release: what they hold is not in it.
persistentVolumeClaimRetentionPolicy: {whenDeleted: Retain, whenScaled: Retain}
selector:
  matchLabels: {{- include "arqonbus.selector" . | nindent 4 }}
# Nothing here may change later, so no label of a version is in it.
volumeClaimTemplates:
  - metadata:
      name: data
      labels: {{- include "arqonbus.selector" . | nindent 8 }}
    spec:
      accessModes: [ReadWriteOnce]
      {{- with (get .root.Values.dependencies .service).storage }}
      {{- with .className }}
      storageClassName: {{ . }}
      {{- end }}
      resources: {requests: {storage: {{ .size }}}}
      {{- end }}
{{- end -}}

{{/* The pod of a server, but for its containers and volumes. Takes {root, service, user}. */}}
{{- define "arqonbus.serverPod" -}}
{{- include "arqonbus.podSecurityOf" (dict "root" .root "user" .user "keepsFiles" true) }}
{{- with (get .root.Values.dependencies .service).nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with (get .root.Values.dependencies .service).tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Members of the container of a server. Takes {root, service}. */}}
{{- define "arqonbus.serverContainer" -}}
{{- $values := get .root.Values.dependencies .service -}}
name: {{ .service }}
image: {{ include "arqonbus.image" (dict "root" .root "image" $values.image) }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
resources: {{- toYaml $values.resources | nindent 2 }}
{{ include "arqonbus.containerSecurity" .root }}
{{- end -}}

{{/* What it mounts: its configuration, and of its Secret these keys. Takes {root, service, keys}. */}}
{{- define "arqonbus.serverVolumes" -}}
{{- $name := printf "%s-%s" (include "arqonbus.fullname" .root) .service -}}
- name: settings
  configMap: {name: {{ $name }}}
- name: secrets
  projected:
    # 0440: the server is of their group (fsGroup).
    defaultMode: 288
    sources:
      - secret:
          name: {{ $name }}
          items:
            {{- range .keys }}
            - {key: {{ . }}, path: {{ . }}}
            {{- end }}
{{- end -}}

{{/* {peer: {…}}: the pods of the release that are this service. Takes {root, service}. */}}
{{- define "arqonbus.ownPeer" -}}
peer:
  podSelector:
    matchLabels: {{- include "arqonbus.selector" . | nindent 6 }}
{{- end -}}
