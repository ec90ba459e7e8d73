{{/* Checks of values that are valid by themselves and conflict with each other; values.schema.json checks each one alone. */}}
{{- define "yarp-ingress.checks" -}}
{{- if regexMatch "^[0-9]" (include "yarp-ingress.fullname" .) }}
{{- fail (printf "%s cannot be the name of a Service, which begins with a letter: set fullnameOverride" (include "yarp-ingress.fullname" .)) }}
{{- end }}
{{- if and .Values.autoscaling.enabled (eq .Values.kind "DaemonSet") }}
{{- fail "autoscaling.enabled: a DaemonSet cannot be scaled; use kind: Deployment" }}
{{- end }}
{{- if gt (int .Values.autoscaling.minReplicas) (int .Values.autoscaling.maxReplicas) }}
{{- fail "autoscaling.minReplicas must not be greater than autoscaling.maxReplicas" }}
{{- end }}
{{- $strategy := dig "type" "" (default dict .Values.updateStrategy) }}
{{- if and (eq .Values.kind "DaemonSet") (eq "Recreate" $strategy) }}
{{- fail "updateStrategy.type: a DaemonSet supports RollingUpdate and OnDelete" }}
{{- end }}
{{- if and (eq .Values.kind "Deployment") (eq "OnDelete" $strategy) }}
{{- fail "updateStrategy.type: a Deployment supports RollingUpdate and Recreate" }}
{{- end }}
{{- if and .Values.hostNetwork .Values.hostPort.enabled }}
{{- fail "hostNetwork and hostPort.enabled cannot be combined: with hostNetwork, ports.http and ports.https are the ports of the node" }}
{{- end }}
{{- if ne 3 (list (int .Values.ports.http) (int .Values.ports.https) (int .Values.ports.admin) | uniq | len) }}
{{- fail "ports.http, ports.https and ports.admin must differ" }}
{{- end }}
{{- if and .Values.hostPort.enabled (eq (int .Values.hostPort.http) (int .Values.hostPort.https)) }}
{{- fail "hostPort.http and hostPort.https must differ" }}
{{- end }}
{{- if and .Values.hostNetwork (lt (min .Values.ports.http .Values.ports.https .Values.ports.admin | int) 1024) }}
{{- $added := dig "capabilities" "add" list (default dict .Values.securityContext) }}
{{- if not (has "NET_BIND_SERVICE" $added) }}
{{- fail "hostNetwork with a port below 1024 requires root: add NET_BIND_SERVICE to securityContext.capabilities.add and set podSecurityContext.runAsUser to 0 and runAsNonRoot to false (or lower net.ipv4.ip_unprivileged_port_start on the nodes), or keep ports.http at 8080 and use hostPort" }}
{{- end }}
{{- end }}
{{- if and .Values.metrics.serviceMonitor.enabled (not .Values.metrics.service.enabled) }}
{{- fail "metrics.serviceMonitor.enabled requires metrics.service.enabled: the ServiceMonitor selects that Service" }}
{{- end }}
{{- range $name, $service := dict "service" .Values.service "internalService" .Values.internalService }}
{{- if and $service.enabled (not $service.ports.http) (not $service.ports.https) }}
{{- fail (printf "%s.ports: a Service needs at least one port" $name) }}
{{- end }}
{{- range $field := list "ports" "nodePorts" }}
{{- $numbers := get $service $field }}
{{- if and $service.enabled $numbers.http (eq (int $numbers.http) (int $numbers.https)) }}
{{- fail (printf "%s.%s: http and https must differ" $name $field) }}
{{- end }}
{{- end }}
{{- end }}
{{- $arguments := include "yarp-ingress.arguments" . }}
{{- range .Values.extraArgs }}
{{- $option := splitList "=" . | first }}
{{- if contains (printf "- %s=" $option) $arguments }}
{{- fail (printf "extraArgs: %s is already set by a value of the chart; use that value" $option) }}
{{- end }}
{{- end }}
{{- with .Values.leaderElection }}
{{- if le (int .leaseDurationSeconds) (int .renewDeadlineSeconds) }}
{{- fail "leaderElection.leaseDurationSeconds must be greater than leaderElection.renewDeadlineSeconds, or two replicas could lead at once" }}
{{- end }}
{{- if le (mul 10 .renewDeadlineSeconds) (mul 12 .retryPeriodSeconds) }}
{{- fail "leaderElection.renewDeadlineSeconds must be greater than 1.2 times leaderElection.retryPeriodSeconds" }}
{{- end }}
{{- end }}
{{- range $key := list "add-headers" "proxy-set-headers" }}
{{- $named := get (default dict $.Values.config) $key | toString | splitList "/" }}
{{- if and $.Values.watchNamespaces (not $.Values.existingConfigMap) (eq (len $named) 2) (not (has (first $named) $.Values.watchNamespaces)) }}
{{- fail (printf "config.%s: %s is in a namespace that is not watched; add the namespace to watchNamespaces" $key (join "/" $named)) }}
{{- end }}
{{- end }}
{{- if and .Values.watchNamespaces .Values.defaultBackendService }}
{{- $backend := include "yarp-ingress.reference" (list . .Values.defaultBackendService) }}
{{- if not (has (splitList "/" $backend | first) .Values.watchNamespaces) }}
{{- fail (printf "defaultBackendService: %s is in a namespace that is not watched; add the namespace to watchNamespaces" $backend) }}
{{- end }}
{{- end }}
{{- end }}
