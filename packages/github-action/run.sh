# shellcheck shell=bash disable=SC2154
# Part of main.sh: the mode `run`.

common_options
expand_files
((${#files[@]} <= 1)) || die 2 "the mode run takes one file, and \"files\" names ${#files[@]}"
for file in ${files[@]+"${files[@]}"}; do options+=("--file=$file"); done
if [[ -n $INPUT_PORT ]]; then options+=("--port=$INPUT_PORT"); fi
options+=("--max-failed=$INPUT_MAX_FAILED" "--out=$INPUT_RESULTS" --no-logs)

words=()
if ! is_blank "$INPUT_COMMAND"; then split_words "$INPUT_COMMAND"; fi
if ((${#words[@]} > 0)); then options+=(-- "${words[@]}"); fi

rollout_test run "${options[@]}"
verdict=$code

# With another verdict nothing was measured: a folder of that name is from another run.
if [[ $verdict == [013] && -f $INPUT_RESULTS/result.json ]]; then
  output results "$INPUT_RESULTS"
  # Adds the job summary and prints annotations.
  rollout_test report --format github -- "$INPUT_RESULTS"
  rollout_test report --format junit -- "$INPUT_RESULTS" >"$INPUT_RESULTS/junit.xml"
fi
code=$verdict
