#!/usr/bin/env bash
# check.sh [OPTION…] [FILE…]: what the pre-commit hook runs. Checks those of the files that have a workload: pre-commit names
# every YAML file of a commit, and most of them are something else. Other arguments are options of `check`.
set -euo pipefail

folder=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
version=$(node -p 'require(process.argv[1]).version' "$folder/package.json")
workload='^[- ]*"?kind"?: *["'\'']?(Deployment|StatefulSet|DaemonSet|List)([^A-Za-z]|$)'

arguments=() something_to_check=false passed_over=false previous=''
for argument in "$@"; do
  case $argument in -f | --filename* | -k* | --kustomize* | --dockerfile*) something_to_check=true ;; esac
  if [[ $argument != *.y*ml || $previous =~ ^(-f|--filename|--config)$ || ! -f $argument ]]; then
    arguments+=("$argument")
  elif grep -qE -e "$workload" -- "$argument"; then
    arguments+=("--filename=$argument")
    something_to_check=true
  else
    passed_over=true
  fi
  previous=$argument
done
if $passed_over && ! $something_to_check; then exit 0; fi
# An array that is empty counts as unset in bash 3.2.
exec npx --yes "k8s-rollout-test@$version" check ${arguments[@]+"${arguments[@]}"}
