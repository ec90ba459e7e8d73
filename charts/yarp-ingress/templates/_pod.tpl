{{/* The Pod of the Deployment or DaemonSet. */}}
{{- define "yarp-ingress.pod" -}}
metadata:
  {{- with .Values.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  labels:
    {{- with include "yarp-ingress.moreLabels" (list . .Values.podLabels (list "app.kubernetes.io/name" "app.kubernetes.io/instance" "app.kubernetes.io/component")) }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- /* No version labels: a new version of the chart alone must not restart Pods. */}}
    {{- include "yarp-ingress.selectorLabels" . | nindent 4 }}
spec:
  serviceAccountName: {{ include "yarp-ingress.serviceAccountName" . | toYaml }}
  automountServiceAccountToken: {{ .Values.serviceAccount.automount }}
  {{- /* The variables of a Service named ingress-... would be read as options. */}}
  enableServiceLinks: false
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ toYaml . }}
  {{- end }}
  {{- if .Values.hostNetwork }}
  hostNetwork: true
  {{- end }}
  {{- with default (.Values.hostNetwork | ternary "ClusterFirstWithHostNet" "") .Values.dnsPolicy }}
  dnsPolicy: {{ . }}
  {{- end }}
  {{- with .Values.dnsConfig }}
  dnsConfig:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.hostAliases }}
  hostAliases:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- /* Ten more seconds for what ends after the drain. */}}
  terminationGracePeriodSeconds: {{ add .Values.shutdown.delaySeconds .Values.shutdown.gracePeriodSeconds 10 }}
  {{- with .Values.podSecurityContext }}
  securityContext:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if and .Values.topologySpreadConstraints (eq .Values.kind "Deployment") }}
  topologySpreadConstraints:
    {{- range .Values.topologySpreadConstraints }}
    - {{ toYaml . | nindent 6 | trim }}
      {{- if not .labelSelector }}
      labelSelector:
        matchLabels:
          {{- include "yarp-ingress.selectorLabels" $ | nindent 10 }}
      {{- end }}
    {{- end }}
  {{- end }}
  {{- with .Values.initContainers }}
  initContainers:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: controller
      image: {{ include "yarp-ingress.image" . | quote }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args:
        {{- include "yarp-ingress.arguments" . | nindent 8 }}
        {{- with .Values.extraArgs }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      env:
        - name: POD_NAME
          valueFrom:
            fieldRef:
              fieldPath: metadata.name
        - name: POD_NAMESPACE
          valueFrom:
            fieldRef:
              fieldPath: metadata.namespace
        {{- with .Values.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        - name: http
          containerPort: {{ .Values.ports.http }}
          {{- if .Values.hostPort.enabled }}
          hostPort: {{ .Values.hostPort.http }}
          {{- end }}
          protocol: TCP
        - name: https
          containerPort: {{ .Values.ports.https }}
          {{- if .Values.hostPort.enabled }}
          hostPort: {{ .Values.hostPort.https }}
          {{- end }}
          protocol: TCP
        - name: admin
          containerPort: {{ .Values.ports.admin }}
          protocol: TCP
      {{- /*
      The admin port opens 0.3 s after start, and the first routing table is live after 0.3 to 1.2 s. An earlier probe fails, and each failure
      is an Event of the Pod. The kubelet probes at any phase of the period and truncates the time since start to whole seconds: an
      initialDelaySeconds of N takes N-1 to N seconds, so with 1 some probes would fail, and with 2 none does. The first startup probe then comes
      after 1 to 3 seconds, and the readiness probe right after it.
      */}}
      {{- with .Values.startupProbe }}
      startupProbe:
        httpGet: {path: /healthz, port: admin}
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .Values.livenessProbe }}
      livenessProbe:
        httpGet: {path: /healthz, port: admin}
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .Values.readinessProbe }}
      readinessProbe:
        httpGet: {path: /readyz, port: admin}
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .Values.resources }}
      resources:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .Values.securityContext }}
      securityContext:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- if or (include "yarp-ingress.sessionSecret" .) .Values.extraVolumeMounts }}
      volumeMounts:
        {{- if include "yarp-ingress.sessionSecret" . }}
        - name: session-key
          mountPath: /etc/yarp-ingress/sessions
          readOnly: true
        {{- end }}
        {{- with .Values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- end }}
    {{- with .Values.extraContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- if or (include "yarp-ingress.sessionSecret" .) .Values.extraVolumes }}
  volumes:
    {{- with include "yarp-ingress.sessionSecret" . }}
    - name: session-key
      secret:
        secretName: {{ toYaml . }}
        items:
          - key: key
            path: key
    {{- end }}
    {{- with .Values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- end }}
{{- end }}
