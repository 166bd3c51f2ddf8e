# Sourced by scripts whose minutes are worth knowing. `phase NAME` ends the phase before it, saying how long that took, and begins the next.
# `end_phases STATUS`, for the trap on EXIT, ends the last one. The script that was started first then prints them all in a table.

if [[ -z ${PHASES:-} ]]; then
  PHASES="$(mktemp)"
  export PHASES
  phases_are_mine=1
fi
phase_name=

minutes() { printf '%d.%d' $(($1 / 60)) $(($1 % 60 / 6)); }

phase() {
  end_phase
  phase_name="$1" phase_began=$SECONDS
  printf '>>> %s\n' "$phase_name"
}

# end_phase [REMARK] ends the phase under way, if there is one.
end_phase() {
  [[ -n $phase_name ]] || return 0
  local line
  line="$(printf '%6s minutes  %s%s' "$(minutes $((SECONDS - phase_began)))" "$phase_name" "${1:-}")"
  printf '<<< %s\n' "$line"
  printf '%s\n' "$line" >>"$PHASES"
  phase_name=
}

end_phases() {
  if (($1 == 0)); then end_phase; else end_phase ': FAILED'; fi
  [[ -n ${phases_are_mine:-} ]] || return 0
  printf '\n'
  cat "$PHASES"
  printf '%6s minutes  in all\n' "$(minutes $SECONDS)"
  rm -f "$PHASES"
}
