{{/* A Service for clients. Takes a dict: context, name, service (its values), component. */}}
{{- define "yarp-ingress.service" -}}
{{- $service := .service -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ .name }}
  namespace: {{ toYaml .context.Release.Namespace }}
  labels:
    {{- include "yarp-ingress.labels" (list .context .component (default dict $service.labels)) | nindent 4 }}
  {{- with $service.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  type: {{ $service.type }}
  {{- range $field := list "clusterIP" "externalIPs" "internalTrafficPolicy" "ipFamilies" "ipFamilyPolicy" "sessionAffinity" }}
  {{- with get $service $field }}
  {{ $field }}: {{ toJson . }}
  {{- end }}
  {{- end }}
  {{- if ne $service.type "ClusterIP" }}
  {{- with $service.externalTrafficPolicy }}
  externalTrafficPolicy: {{ . }}
  {{- end }}
  {{- end }}
  {{- if eq $service.type "LoadBalancer" }}
  {{- range $field := list "loadBalancerClass" "loadBalancerIP" "loadBalancerSourceRanges" }}
  {{- with get $service $field }}
  {{ $field }}: {{ toJson . }}
  {{- end }}
  {{- end }}
  {{- if kindIs "bool" $service.allocateLoadBalancerNodePorts }}
  allocateLoadBalancerNodePorts: {{ $service.allocateLoadBalancerNodePorts }}
  {{- end }}
  {{- with $service.healthCheckNodePort }}
  healthCheckNodePort: {{ . }}
  {{- end }}
  {{- end }}
  selector:
    {{- include "yarp-ingress.selectorLabels" .context | nindent 4 }}
  ports:
    {{- range $name := list "http" "https" }}
    {{- with get $service.ports $name }}
    - name: {{ $name }}
      port: {{ . }}
      targetPort: {{ $name }}
      protocol: TCP
      {{- with get $service.appProtocol $name }}
      appProtocol: {{ toYaml . }}
      {{- end }}
      {{- with get $service.nodePorts $name }}
      {{- if ne $service.type "ClusterIP" }}
      nodePort: {{ . }}
      {{- end }}
      {{- end }}
    {{- end }}
    {{- end }}
{{- end }}
