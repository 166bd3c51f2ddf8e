{{/* Labels of every object of the release. */}}
{{- define "edgegateway.labels" -}}
app.kubernetes.io/part-of: edgegateway
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/*
The objects of one file that was copied from config/, with the release's namespace and labels.
Arguments: root (the chart's context), path, annotations (added to each), without (names to leave out).
*/}}
{{- define "edgegateway.fromConfig" -}}
{{- $root := .root }}
{{- $annotations := .annotations | default dict }}
{{- $without := .without | default list }}
{{- $text := $root.Files.Get .path | replace "edgegateway-system" $root.Release.Namespace }}
{{- range $document := regexSplit "(?m)^---$" $text -1 }}
{{- $object := fromYaml $document }}
{{- if and $object.kind (not (has $object.metadata.name $without)) }}
{{- $labels := merge (dict) (include "edgegateway.labels" $root | fromYaml) ($object.metadata.labels | default dict) }}
{{- $_ := set $object.metadata "labels" $labels }}
{{- if $annotations }}
{{- $_ := set $object.metadata "annotations" (merge (dict) $annotations ($object.metadata.annotations | default dict)) }}
{{- end }}
---
{{ toYaml $object }}
{{- end }}
{{- end }}
{{- end }}
