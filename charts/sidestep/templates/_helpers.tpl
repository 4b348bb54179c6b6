{{- define "sidestep.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}{{ .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else if contains $name .Release.Name -}}{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else -}}{{ printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" }}{{- end -}}
{{- end -}}

{{- define "sidestep.injector" -}}{{ include "sidestep.fullname" . }}-injector{{- end -}}

{{- define "sidestep.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: injector
{{- end -}}

{{- define "sidestep.labels" -}}
{{ include "sidestep.selector" . }}
{{ include "sidestep.commonLabels" . }}
{{- end -}}

{{- define "sidestep.commonLabels" -}}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "sidestep.gateway" -}}{{ include "sidestep.fullname" . }}-gateway{{- end -}}

{{- define "sidestep.gatewaySelector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: gateway
{{- end -}}

{{- define "sidestep.gatewayLabels" -}}
{{ include "sidestep.gatewaySelector" . }}
{{ include "sidestep.commonLabels" . }}
{{- end -}}

{{- define "sidestep.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}{{ .repository }}@{{ .digest }}
{{- else -}}{{ .repository }}:{{ default $.Chart.AppVersion .tag }}{{- end -}}
{{- end -}}
{{- end -}}

{{- define "sidestep.securityContext" -}}
allowPrivilegeEscalation: false
capabilities: { drop: [ALL] }
readOnlyRootFilesystem: true
runAsNonRoot: true
{{- with .uid }}
runAsUser: {{ . }}
runAsGroup: {{ . }}
{{- end }}
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{/* The sidecars' settings, as `sidestep inject --settings` takes them. */}}
{{- define "sidestep.settings" -}}
{{- $settings := deepCopy .Values.sidecar -}}
{{- $_ := set $settings "image" (include "sidestep.image" .) -}}
{{- $_ := set $settings "pullPolicy" .Values.image.pullPolicy -}}
{{- $_ := set $settings "clusterPolicy" .Values.policy.copyName -}}
{{- $_ := set $settings "namespacePolicy" .Values.policy.namespaceName -}}
{{- /* Helm drops keys that are set to null; here null means "none". */ -}}
{{- range list "uid" "stateSize" -}}
{{- if not (hasKey $settings .) -}}{{- $_ := set $settings . nil -}}{{- end -}}
{{- end -}}
{{- range list "cpuLimit" "memoryLimit" -}}
{{- if not (hasKey $settings.resources .) -}}{{- $_ := set $settings.resources . nil -}}{{- end -}}
{{- end -}}
{{- toYaml $settings -}}
{{- end -}}
