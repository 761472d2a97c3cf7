# The interpreter, which is the stack's own, and the virtualenv over it.

VENV=/app/.heroku/python

# The version asked for must be the stack's in major and minor; another patch of it will do.
check_python_version() {
  local have wanted='' from=''
  have=$(python3 -c 'import platform; print(platform.python_version())')
  if [[ -f .python-version ]]; then
    wanted=$(grep -v '^ *#' .python-version | grep -m1 -v '^ *$' | tr -d ' \r') from=.python-version
  elif [[ -f runtime.txt ]]; then
    wanted=$(tr -d ' \r\n' < runtime.txt) from=runtime.txt
  fi
  wanted=${wanted#python-} wanted=${wanted#cpython-}
  if [[ -n $wanted && ! $wanted =~ ^[0-9]+(\.[0-9]+){0,2}$ ]]; then
    fail "$from says \"$wanted\", which is no Python version" "Write major and minor, for example ${have%.*}"
  fi
  if [[ -n $wanted && $have. != "$wanted".* ]]; then
    [[ ${have%.*} == "${wanted%.*}" ]] ||
      fail "$from asks for Python $wanted, which the stack $STACK does not have" \
        "It has Python $have. Write ${have%.*} into .python-version, or use a Dockerfile for another Python."
    warning "$from asks for Python $wanted; the stack's $have stands in for it"
  fi
  header "Using Python $have${from:+ ($from)}"
}

# Made new each time: an old one may hold what is no longer asked for, and pip's cache makes it quick.
make_virtualenv() {
  rm -rf "$VENV"
  python3 -m venv "$VENV" || fail 'The virtualenv could not be made'
  export VIRTUAL_ENV=$VENV PATH=$VENV/bin:$PATH PYTHONUNBUFFERED=1
  export PIP_CACHE_DIR=$CACHE_DIR/pip PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_PROGRESS_BAR=off PIP_ROOT_USER_ACTION=ignore
}

# Compiled files that name no time: equal in every build, and not checked against their source at every start.
compile_virtualenv() {
  find "$VENV/lib" -name __pycache__ -prune -exec rm -rf {} +
  # Without site: what it imports from the virtualenv would be compiled first, and with a time.
  "$VENV/bin/python" -I -S -m compileall -q -j 2 --invalidation-mode unchecked-hash "$VENV/lib" >/dev/null || true
}

run_hook() {
  [[ -f bin/$1 ]] || return 0
  header "Running bin/$1"
  bash "bin/$1" 2>&1 | indent || fail "bin/$1 failed; what it said is above"
}

write_profile() {
  mkdir -p .profile.d
  cat > .profile.d/python.sh <<'PROFILE'
export PATH="/app/.heroku/python/bin:$PATH" VIRTUAL_ENV=/app/.heroku/python
export PYTHONUNBUFFERED=${PYTHONUNBUFFERED:-true} PYTHONPATH=${PYTHONPATH:-/app}
# gunicorn: requests in the log, and the router in front of it is trusted to say who asked and how.
export GUNICORN_CMD_ARGS=${GUNICORN_CMD_ARGS:---access-logfile -} FORWARDED_ALLOW_IPS=${FORWARDED_ALLOW_IPS:-*}
# How many workers: two per processor, as many as the memory takes at 256 MB each.
if [[ -z ${WEB_CONCURRENCY:-} ]]; then
  for limit in /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes; do
    [[ -r $limit ]] && bytes=$(<"$limit") && break
  done
  if [[ ${bytes:-} =~ ^[0-9]{1,13}$ ]]; then WEB_CONCURRENCY=$((bytes / 268435456)); else WEB_CONCURRENCY=2; fi
  ((WEB_CONCURRENCY >= 1)) || WEB_CONCURRENCY=1
  processors=$(nproc)
  ((WEB_CONCURRENCY <= processors * 2 + 1)) || WEB_CONCURRENCY=$((processors * 2 + 1))
  export WEB_CONCURRENCY
  unset limit bytes processors
fi
PROFILE
}
