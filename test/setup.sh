# What only end-to-end tests need, sourced by bin/test: a browser.
command -v chromium > /dev/null || {
  say 'Installing chromium, for the browser tests'
  quietly env DEBIAN_FRONTEND=noninteractive apt-get update
  quietly env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium
}
# Heroku's own CLI, unmodified: it proves that our API is Heroku's.
[ -e "$root/.runtime/heroku/node_modules/heroku/bin/run.js" ] || {
  say "Installing heroku's CLI, for the tests of the API"
  mkdir -p "$root/.runtime/heroku"
  quietly env PATH="$(dirname "$NODE"):$PATH" "$NODE" "$NPM" install --prefix "$root/.runtime/heroku" --no-save --ignore-scripts --no-audit --no-fund heroku@11
}
