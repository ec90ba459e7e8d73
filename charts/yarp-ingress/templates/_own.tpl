{{/* Rules for the controller itself, by namespace: the Lease, and the objects that its options name outside the watched namespaces. */}}
{{- define "yarp-ingress.ownRules" -}}
{{- $own := dict }}
{{- if .Values.leaderElection.enabled }}
{{- $create := dict "apiGroups" (list "coordination.k8s.io") "resources" (list "leases") "verbs" (list "create") }}
{{- $keep := dict "apiGroups" (list "coordination.k8s.io") "resources" (list "leases") "resourceNames" (list (include "yarp-ingress.leaseName" .)) "verbs" (list "get" "patch") }}
{{- $_ := set $own .Release.Namespace (list $create $keep) }}
{{- end }}
{{- if .Values.watchNamespaces }}
{{- $named := list (dict "resource" "configmaps" "name" (include "yarp-ingress.configMap" .)) }}
{{- with .Values.defaultCertificate }}
{{- $named = append $named (dict "resource" "secrets" "name" (include "yarp-ingress.reference" (list $ .))) }}
{{- end }}
{{- if and .Values.status.update (not .Values.publishStatusAddresses) }}
{{- with include "yarp-ingress.publishService" . }}
{{- $named = append $named (dict "resource" "services" "name" .) }}
{{- end }}
{{- end }}
{{- range $named }}
{{- $parts := splitList "/" .name }}
{{- $namespace := first $parts }}
{{- if not (has $namespace $.Values.watchNamespaces) }}
{{- $verbs := eq .resource "services" | ternary (list "list" "watch") (list "get" "list" "watch") }}
{{- $rule := dict "apiGroups" (list "") "resources" (list .resource) "resourceNames" (list (last $parts)) "verbs" $verbs }}
{{- $rules := append (get $own $namespace | default list) $rule }}
{{- /* Problems of the settings or the default certificate are Events of their ConfigMap or Secret. */}}
{{- $events := dict "apiGroups" (list "events.k8s.io") "resources" (list "events") "verbs" (list "create" "patch") }}
{{- if and (ne .resource "services") $.Values.leaderElection.enabled $.Values.events.enabled (not (has $events $rules)) }}
{{- $rules = append $rules $events }}
{{- end }}
{{- $_ := set $own $namespace $rules }}
{{- end }}
{{- end }}
{{- if not (has .Release.Namespace .Values.watchNamespaces) }}
{{- $slices := dict "apiGroups" (list "discovery.k8s.io") "resources" (list "endpointslices") "verbs" (list "list" "watch") }}
{{- $_ := set $own .Release.Namespace (append (get $own .Release.Namespace | default list) $slices) }}
{{- end }}
{{- end }}
{{- toYaml $own }}
{{- end }}
