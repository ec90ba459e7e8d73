{{/* Names, and the labels of all objects. The full name has at most 54 characters, because suffixes of up to nine follow, and no dots: the name of a release can have them, the name of a Service cannot. */}}

{{- define "yarp-ingress.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 54 | trimSuffix "-" }}
{{- end }}

{{- define "yarp-ingress.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 54 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | replace "." "-" | trunc 54 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | replace "." "-" | trunc 54 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/*
The name of an object outside the release's namespace. It has that namespace after a colon, because another namespace can have a release of the
same name; names of roles can have colons. Takes a list: the context and the namespace of the object, empty for none.
*/}}
{{- define "yarp-ingress.roleName" -}}
{{- $context := index . 0 }}
{{- $fullname := include "yarp-ingress.fullname" $context }}
{{- eq (index . 1) $context.Release.Namespace | ternary $fullname (printf "%s:%s" $fullname $context.Release.Namespace) }}
{{- end }}

{{/* NAMESPACE/NAME of a value that is NAME or NAMESPACE/NAME. Takes a list: the context and the value. */}}
{{- define "yarp-ingress.reference" -}}
{{- $context := index . 0 }}
{{- $value := index . 1 }}
{{- contains "/" $value | ternary $value (printf "%s/%s" $context.Release.Namespace $value) }}
{{- end }}

{{- define "yarp-ingress.serviceAccountName" -}}
{{- default (.Values.serviceAccount.create | ternary (include "yarp-ingress.fullname" .) "default") .Values.serviceAccount.name }}
{{- end }}

{{- define "yarp-ingress.configMap" -}}
{{- if .Values.existingConfigMap }}
{{- include "yarp-ingress.reference" (list . .Values.existingConfigMap) }}
{{- else }}
{{- printf "%s/%s" .Release.Namespace (include "yarp-ingress.fullname" .) }}
{{- end }}
{{- end }}

{{/* The Secret with the session key; empty if there is none. */}}
{{- define "yarp-ingress.sessionSecret" -}}
{{- default (.Values.sessionKey.create | ternary (printf "%s-sessions" (include "yarp-ingress.fullname" .)) "") .Values.sessionKey.existingSecret }}
{{- end }}

{{- define "yarp-ingress.leaseName" -}}
{{- default (printf "%s-leader" (include "yarp-ingress.fullname" .)) .Values.leaderElection.leaseName }}
{{- end }}

{{- define "yarp-ingress.image" -}}
{{- with .Values.image }}
{{- if .digest }}
{{- printf "%s@%s" .repository .digest }}
{{- else }}
{{- printf "%s:%s" .repository (default $.Chart.AppVersion .tag) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "yarp-ingress.selectorLabels" -}}
app.kubernetes.io/name: {{ include "yarp-ingress.name" . | toYaml }}
app.kubernetes.io/instance: {{ toYaml .Release.Name }}
app.kubernetes.io/component: controller
{{- end }}

{{/*
The labels in addition to the usual ones, each once; those of the object take precedence over commonLabels. Takes a list: the context, the labels
of the object, and the keys of the usual ones, which are ignored.
*/}}
{{- define "yarp-ingress.moreLabels" -}}
{{- $context := index . 0 }}
{{- $labels := merge (dict) (default dict (index . 1)) (default dict $context.Values.commonLabels) }}
{{- range index . 2 }}
{{- $_ := unset $labels . }}
{{- end }}
{{- with $labels }}
{{- toYaml . }}
{{- end }}
{{- end }}

{{/*
All labels of an object. Takes a list: the context, the component (controller, unless a Service must be selected separately), and optionally the
labels of this object only.
*/}}
{{- define "yarp-ingress.labels" -}}
{{- $context := index . 0 }}
{{- $usual := list "helm.sh/chart" "app.kubernetes.io/name" "app.kubernetes.io/instance" "app.kubernetes.io/component" "app.kubernetes.io/version" "app.kubernetes.io/managed-by" }}
{{- with include "yarp-ingress.moreLabels" (list $context (last . | kindIs "map" | ternary (last .) dict) $usual) }}
{{- . }}
{{ end -}}
helm.sh/chart: {{ printf "%s-%s" $context.Chart.Name $context.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/name: {{ include "yarp-ingress.name" $context | toYaml }}
app.kubernetes.io/instance: {{ toYaml $context.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
app.kubernetes.io/version: {{ $context.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $context.Release.Service }}
{{- end }}
