# shellcheck shell=bash disable=SC2154
# Part of main.sh: the mode `check`.

common_options
expand_files
for file in ${files[@]+"${files[@]}"}; do options+=("--filename=$file"); done

# Prints annotations, and to the log the findings beyond those that GitHub shows.
rollout_test check --format github ${options[@]+"${options[@]}"}
verdict=$code

# 0 and 1 are verdicts. The reports come from further checks, because a check takes less than a second.
if ((verdict <= 1)); then
  if [[ -n $INPUT_SARIF ]]; then
    mkdir -p -- "$(dirname -- "$INPUT_SARIF")"
    rollout_test check --format sarif ${options[@]+"${options[@]}"} >"$INPUT_SARIF"
    # Code scanning shows suppressed results as open alerts.
    node -e '
      const { readFileSync, writeFileSync } = require("node:fs");
      const log = JSON.parse(readFileSync(process.argv[1], "utf8"));
      for (const run of log.runs) run.results = run.results.filter(({ suppressions }) => !suppressions?.length);
      writeFileSync(process.argv[1], `${JSON.stringify(log, null, 2)}\n`);
    ' "$INPUT_SARIF"
    output sarif "$INPUT_SARIF"
  fi
  # Escapes Markdown and HTML, because anyone may have written the manifest. GitHub drops a summary above 1024 KiB.
  {
    printf '### k8s-rollout-test check\n\n<pre>\n'
    rollout_test check --all ${options[@]+"${options[@]}"} | head -c 500000 | sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g'
    printf '\n</pre>\n'
  } >>"$GITHUB_STEP_SUMMARY"
fi
code=$verdict
