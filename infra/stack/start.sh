#!/bin/bash
# Every process of an app starts here: `/stack/start '<command line>'`, or
# `/stack/start <program> <argument>...` without a shell in between.
#
# `bash -c` replaces itself by the last command of the line, so a signal that
# the engine's init sends reaches the app and no shell in between.
cd /app || exit 1
shopt -s nullglob
for profile in /app/.profile.d/*.sh; do source "$profile"; done
if [[ -f /app/.profile ]]; then source /app/.profile; fi
shopt -u nullglob
unset profile
if (($# == 1)); then exec /bin/bash -c "$1"; fi
exec "$@"
