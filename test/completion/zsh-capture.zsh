#!/bin/zsh -f
# Prints what zsh offers for each command line, one a line, and an empty line after each: zsh-capture.zsh SCRIPT LINE…
# Completion works at an interactive prompt only, so it is asked at one in a pseudo-terminal. There compadd prints what it
# would show; its calls that only fill arrays are left alone.
zmodload zsh/zpty || exit 1
zpty zsh zsh -f -i
zpty -w zsh "PROMPT=; autoload -Uz compinit; compinit -u -D; source ${(q)1}
compadd() {
  if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd \"\$@\"; return; fi
  local -a found; builtin compadd -A found \"\$@\"; local one
  for one in \$found; do print -r -- \"=\$one=\"; done
  builtin compadd \"\$@\"
}
show() { print BEGIN-OFFERS; zle complete-word; print END-OFFERS; BUFFER= }
zle -C complete-word complete-word _generic; zle -N show; bindkey '^I' show; print READY-TO-ASK"
zpty -r zsh output '*READY-TO-ASK*READY-TO-ASK*' || exit 1
for line in "${@:2}"; do
  zpty -w -n zsh "$line"$'\t'
  zpty -r zsh output '*END-OFFERS*' || exit 1
  print -r -- "${output##*BEGIN-OFFERS}" | grep -oE '=[^=]+=' | tr -d '='
  print
done
