# The environment of every process of the app, sourced before it starts.

write_profile() {
  mkdir -p .profile.d
  cat > .profile.d/nodejs.sh <<'PROFILE'
export PATH="/app/.heroku/tools/bin:$PATH:/app/bin:/app/node_modules/.bin"
export NODE_HOME=/usr/local NODE_ENV=${NODE_ENV:-production}
export YARN_INSTALL_STATE_PATH=/app/.heroku/yarn-install-state.gz
# How many processes fit, for apps that fork: by memory, as on Heroku.
if [[ -z ${WEB_CONCURRENCY:-} ]]; then
  for limit in /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes; do
    [[ -r $limit ]] && bytes=$(<"$limit") && break
  done
  if [[ ${bytes:-} =~ ^[0-9]{1,13}$ ]]; then MEMORY_AVAILABLE=$((bytes / 1048576)); else MEMORY_AVAILABLE=512; fi
  WEB_CONCURRENCY=$((MEMORY_AVAILABLE / ${WEB_MEMORY:-512}))
  ((WEB_CONCURRENCY >= 1)) || WEB_CONCURRENCY=1
  ((WEB_CONCURRENCY <= 200)) || WEB_CONCURRENCY=1
  export MEMORY_AVAILABLE WEB_CONCURRENCY WEB_MEMORY=${WEB_MEMORY:-512}
  unset limit bytes
fi
PROFILE
}
