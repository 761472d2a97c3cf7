#!/usr/bin/env bash
# Keeps the supervisor running: starts it again when it was killed, leaves when
# it has stopped by itself. Three megabytes, so that nothing is unguarded.
# Usage: guard.sh COMMAND ARGS...

# The C library keeps memory that is freed in one arena per thread, a quarter of what the platform used when idle (377 MB, so 290).
# Everything of the platform inherits this; what was set before counts. mallopt(3)
export MALLOC_ARENA_MAX=${MALLOC_ARENA_MAX:-1} MALLOC_TRIM_THRESHOLD_=${MALLOC_TRIM_THRESHOLD_:-65536}

supervisor=
trap '[ -z "$supervisor" ] || kill -TERM "$supervisor" 2> /dev/null' INT TERM
while :; do
  "$@" &
  supervisor=$!
  wait "$supervisor"
  status=$?
  # A signal that our trap passed on interrupts `wait`: wait for the end itself.
  while kill -0 "$supervisor" 2> /dev/null; do wait "$supervisor"; status=$?; done
  [ "$status" = 0 ] && exit 0
  sleep 0.2
done
