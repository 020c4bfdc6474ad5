#!/usr/bin/env bash
# The step of action.yml. Its inputs are the variables INPUT_*; none of them is ever read as shell code.
# The exit code is that of the program; 2 where an input cannot be used, 4 where Node is missing.
set -euo pipefail

folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# EXIT-CODE MESSAGE: an annotation, whose text may hold anyone's words.
die() {
  local text=${2//'%'/%25}
  text=${text//$'\r'/%0D}
  printf '::error title=k8s-rollout-test::%s\n' "${text//$'\n'/%0A}" >&2
  exit "$1"
}

# NAME VALUE: an input of one line. A line end would begin another output, or another annotation.
one_line() {
  case $2 in *$'\n'* | *$'\r'*) die 2 "the input \"$1\" must be one line" ;; esac
}

is_blank() { [[ -z ${1//[[:space:]]/} ]]; }

# TEXT: sets `words` to its words, where quotes and backslashes keep words together and nothing else is special.
split_words() {
  words=()
  local word split
  split=$(mktemp)
  if ! xargs printf '%s\0' <<<"$1" >"$split" 2>/dev/null; then
    rm "$split"
    die 2 "cannot be split into words, because a quote is missing: $1"
  fi
  while IFS= read -r -d '' word; do words+=("$word"); done <"$split"
  rm "$split"
}

output() { printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"; }

# ARGUMENT…: the program, whose exit code is left in `code`.
rollout_test() {
  code=0
  npx --yes "k8s-rollout-test@$version" "$@" || code=$?
}

# Sets `options` to those that both modes have. `--name=value` takes a value that begins with a hyphen too.
common_options() {
  options=()
  if [[ -n $INPUT_KUSTOMIZE ]]; then options+=("--kustomize=$INPUT_KUSTOMIZE"); fi
  if [[ -n $INPUT_DOCKERFILE ]]; then options+=("--dockerfile=$INPUT_DOCKERFILE"); fi
  if ! is_blank "$INPUT_ARGS"; then
    split_words "$INPUT_ARGS"
    options+=("${words[@]}")
  fi
}

# Sets `files` to the paths that the lines name; patterns are expanded, and one that matches nothing stays as it is.
expand_files() {
  local line path
  files=()
  while IFS= read -r line; do
    line=${line%$'\r'}
    if is_blank "$line"; then continue; fi
    while IFS= read -r path; do files+=("$path"); done < <(compgen -G "$line" || printf '%s\n' "$line")
  done <<<"$INPUT_FILES"
}

for name in MODE KUSTOMIZE DOCKERFILE SARIF COMMAND PORT MAX_FAILED RESULTS ARGS VERSION; do
  input=INPUT_$name
  name=${name//_/-}
  one_line "$(tr '[:upper:]' '[:lower:]' <<<"$name")" "${!input}"
done

command -v node >/dev/null || die 4 'there is no Node.js: add a step with actions/setup-node, version 22 or later'

version=${INPUT_VERSION:-$(node -p 'require(process.argv[1]).version' "$folder/../../package.json")}
[[ $version =~ ^[0-9A-Za-z.+-]+$ ]] || die 2 "the input \"version\" is no version: $version"

case $INPUT_MODE in
  check) source "$folder/check.sh" ;;
  run) source "$folder/run.sh" ;;
  *) die 2 "the input \"mode\" must be check or run, and is \"$INPUT_MODE\"" ;;
esac

output exit-code "$code"
exit "$code"
