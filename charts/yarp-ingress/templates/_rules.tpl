{{/* Rules for the namespaces of Ingresses: all, or each watched one. */}}
{{- define "yarp-ingress.rules" -}}
{{- $writes := .Values.leaderElection.enabled -}}
- apiGroups: [networking.k8s.io]
  resources: [ingresses]
  verbs: [list, watch]
{{- if and $writes .Values.status.update }}
- apiGroups: [networking.k8s.io]
  resources: [ingresses/status]
  verbs: [patch]
{{- end }}
- apiGroups: [""]
  resources: [services]
  verbs: [list, watch]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [list, watch]
# Only metadata is listed and watched, and only objects that an Ingress names are read; a role cannot express that.
- apiGroups: [""]
  resources: [secrets, configmaps]
  verbs: [get, list, watch]
{{- if and $writes .Values.events.enabled }}
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end }}
{{- end }}

{{/* roleRef and subjects of a binding. Takes a list: the context, the kind and the name of the role. */}}
{{- define "yarp-ingress.binding" -}}
{{- $context := index . 0 -}}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ index . 1 }}
  name: {{ toYaml (index . 2) }}
subjects:
  - kind: ServiceAccount
    name: {{ include "yarp-ingress.serviceAccountName" $context | toYaml }}
    namespace: {{ toYaml $context.Release.Namespace }}
{{- end }}

{{/* A Role and its binding. Takes a dict: context, name, namespace, rules (YAML). */}}
{{- define "yarp-ingress.role" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ toYaml .name }}
  namespace: {{ toYaml .namespace }}
  labels:
    {{- include "yarp-ingress.labels" (list .context "controller") | nindent 4 }}
rules:
  {{- .rules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ toYaml .name }}
  namespace: {{ toYaml .namespace }}
  labels:
    {{- include "yarp-ingress.labels" (list .context "controller") | nindent 4 }}
{{ include "yarp-ingress.binding" (list .context "Role" .name) }}
{{- end }}
