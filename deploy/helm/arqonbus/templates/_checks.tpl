{{/* What could not run is refused before anything is changed; the services would refuse it as well (CFG-4). */}}
{{- define "arqonbus.checks" -}}
{{- range $server := list "nats" "valkey" -}}
{{- if and (include "arqonbus.runs" (dict "root" $ "server" $server)) (get (get $.Values.settings $server | default dict) "url") -}}
{{- fail (printf "settings.%s.url names servers, and dependencies.%s.enabled brings others: choose" $server $server) -}}
{{- end -}}
{{- end -}}
{{- if not (include "arqonbus.setting" (dict "root" . "section" "nats" "name" "url")) -}}
{{- fail "settings.nats.url is missing: name the servers of NATS, tls://host:4222, or have them brought by dependencies.enabled (docs/kubernetes.md)" -}}
{{- end -}}
{{- $proxies := include "arqonbus.setting" (dict "root" . "section" "server" "name" "trusted_proxies") -}}
{{- if and (not $proxies) (not .Values.shield.tls.secretName) -}}
{{- fail "clients would be answered without TLS: set shield.tls.secretName, or name the proxies that end TLS in settings.server.trusted_proxies" -}}
{{- end -}}
{{- if and .Values.bridge.enabled (not $proxies) (not .Values.bridge.tls.secretName) -}}
{{- fail "servers would be answered without TLS: set bridge.tls.secretName, or name the proxies that end TLS in settings.server.trusted_proxies" -}}
{{- end -}}
{{- range $service := list "shield" "bridge" -}}
{{- with get $.Values $service -}}
{{- if and .ingress.enabled (not .ingress.host) -}}
{{- fail (printf "%s.ingress.host is missing" $service) -}}
{{- end -}}
{{- if and .gateway.enabled (not .gateway.parentRefs) -}}
{{- fail (printf "%s.gateway.parentRefs is missing: name the Gateways of the route" $service) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and .Values.shield.canary.enabled (not .Values.shield.gateway.enabled) -}}
{{- fail "shield.canary is sent its share of connections by an HTTPRoute: set shield.gateway.enabled" -}}
{{- end -}}
{{- if and .Values.tests.token.name .Values.shield.tls.secretName (not .Values.tests.url) -}}
{{- fail "tests.url is missing: with shield.tls.secretName it is wss:// and a name of the certificate" -}}
{{- end -}}
{{- end -}}
