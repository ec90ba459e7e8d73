{{/* The arguments of the program, without extraArgs: every value that has an option, including defaults. */}}
{{- define "yarp-ingress.arguments" -}}
{{- $fullname := include "yarp-ingress.fullname" . -}}
- run
- --http-port={{ .Values.ports.http }}
- --https-port={{ .Values.ports.https }}
- --admin-port={{ .Values.ports.admin }}
- --ingress-class={{ .Values.ingressClass.name }}
- --controller-class={{ .Values.controllerClass }}
- --watch-ingress-without-class={{ .Values.watchIngressWithoutClass }}
{{- range .Values.watchNamespaces }}
- --watch-namespace={{ . }}
{{- end }}
{{- range .Values.annotationPrefixes }}
- --annotation-prefix={{ . }}
{{- end }}
- --configmap={{ include "yarp-ingress.configMap" . }}
{{- with .Values.defaultCertificate }}
- --default-ssl-certificate={{ include "yarp-ingress.reference" (list $ .) }}
{{- end }}
{{- with .Values.defaultBackendService }}
- --default-backend-service={{ include "yarp-ingress.reference" (list $ .) }}
{{- end }}
{{- if include "yarp-ingress.sessionSecret" . }}
- --session-key-file=/etc/yarp-ingress/sessions/key
{{- end }}
- --replicas-service={{ .Release.Namespace }}/{{ $fullname }}-replicas
{{- with include "yarp-ingress.publishService" . }}
- --publish-service={{ . }}
{{- end }}
{{- range .Values.publishStatusAddresses }}
- {{ printf "--publish-status-address=%s" . | toYaml }}
{{- end }}
- --update-status={{ .Values.status.update }}
- --update-status-on-shutdown={{ .Values.status.removeOnShutdown }}
- --emit-events={{ .Values.events.enabled }}
- --leader-elect={{ .Values.leaderElection.enabled }}
- --leader-elect-resource-name={{ include "yarp-ingress.leaseName" . }}
- --leader-elect-lease-duration={{ .Values.leaderElection.leaseDurationSeconds }}
- --leader-elect-renew-deadline={{ .Values.leaderElection.renewDeadlineSeconds }}
- --leader-elect-retry-period={{ .Values.leaderElection.retryPeriodSeconds }}
- --shutdown-delay={{ .Values.shutdown.delaySeconds }}
- --shutdown-grace-period={{ .Values.shutdown.gracePeriodSeconds }}
{{- include "yarp-ingress.overloadArguments" . }}
- --log-level={{ .Values.logLevel }}
{{- end }}

{{/* The arguments for the values of `overload` that are set, each on a line of its own. Zero is a value. */}}
{{- define "yarp-ingress.overloadArguments" -}}
{{- $options := dict
  "max-connections" "maxConnections"
  "max-connections-per-client" "maxConnectionsPerClient"
  "max-streams-per-connection" "maxStreamsPerConnection"
  "max-requests" "maxRequests"
  "max-buffered-bytes" "maxBufferedBytes"
  "max-buffered-bytes-per-connection" "maxBufferedBytesPerConnection"
  "max-header-bytes" "maxHeaderBytes"
  "max-connection-buffer" "maxConnectionBufferBytes"
  "keep-alive-timeout" "keepAliveTimeoutSeconds"
  "response-stall-timeout" "responseStallTimeoutSeconds"
  "min-response-rate" "minResponseBytesPerSecond"
  "min-request-body-rate" "minRequestBodyBytesPerSecond"
  "request-body-grace-period" "requestBodyGracePeriodSeconds"
}}
{{- range $option, $field := $options }}
{{- $value := get $.Values.overload $field }}
{{- if not (has (kindOf $value) (list "invalid" "string")) }}
- --{{ $option }}={{ int64 $value }}
{{- end }}
{{- end }}
{{- end }}

{{/* NAMESPACE/NAME of the Service whose addresses are published; empty if those of the nodes are. */}}
{{- define "yarp-ingress.publishService" -}}
{{- if .Values.publishService.enabled }}
{{- if .Values.publishService.name }}
{{- include "yarp-ingress.reference" (list . .Values.publishService.name) }}
{{- else if and .Values.service.enabled (not .Values.hostNetwork) }}
{{- printf "%s/%s" .Release.Namespace (include "yarp-ingress.fullname" .) }}
{{- else if and .Values.internalService.enabled (not .Values.hostNetwork) (not .Values.hostPort.enabled) }}
{{- printf "%s/%s-internal" .Release.Namespace (include "yarp-ingress.fullname" .) }}
{{- end }}
{{- end }}
{{- end }}

{{/* Not empty if the addresses of nodes are published, because no others are configured. */}}
{{- define "yarp-ingress.publishesNodes" -}}
{{- if and .Values.leaderElection.enabled .Values.status.update (not .Values.publishStatusAddresses) (not (include "yarp-ingress.publishService" .)) }}
{{- true }}
{{- end }}
{{- end }}
