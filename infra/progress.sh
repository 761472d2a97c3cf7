# What a person reads while set-up works: a line when a step begins, and every
# few seconds how long it has taken and what its command said last. A command's
# own output is shown only when it fails.

PROGRESS_SECONDS=3

say() { printf -- '-----> %s\n' "$*" >&2; }

# What happened, then what to do.
fail() {
  printf ' !     %s\n' "$1" >&2
  shift
  [ $# -eq 0 ] || printf '       %s\n' "$@" >&2
  exit 1
}

# run_step TITLE COMMAND...
# In a subshell, so that its trap also ends the clock when Ctrl-C ends us.
run_step() (
  title=$1
  shift
  output=$(mktemp) clock=
  trap 'kill $clock 2> /dev/null || true; rm -f "$output"' EXIT
  trap 'exit 130' INT
  say "$title"
  show_progress "$output" "$BASHPID" &
  clock=$!
  # The command stays in the foreground: a background one would not hear Ctrl-C.
  status=0
  "$@" > "$output" 2>&1 < /dev/null || status=$?
  [ "$status" != 0 ] || exit 0
  tail -n 30 "$output" >&2
  fail "Failed with status $status: $*"
)

# Until the step $2 has ended, whatever ended it.
show_progress() {
  local began=$SECONDS last
  while sleep "$PROGRESS_SECONDS" > /dev/null 2>&1 && kill -0 "$2" 2> /dev/null; do
    last=$(tail -c 2000 "$1" 2> /dev/null | tr '\r' '\n' | sed '/^[[:space:]]*$/d' | tail -n 1 | cut -c 1-100)
    printf '       %s s  %s\n' "$((SECONDS - began))" "$last" >&2
  done
}
