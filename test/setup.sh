# What only end-to-end tests need, sourced by bin/test: a browser.
command -v chromium > /dev/null || apt_install chromium
# Heroku's own CLI, unmodified: it proves that our API is Heroku's.
[ -e "$root/.runtime/heroku/node_modules/heroku/bin/run.js" ] || {
  mkdir -p "$root/.runtime/heroku"
  run_step "Installing heroku's CLI, for the tests of the API" env PATH="$(dirname "$NODE"):$PATH" "$NODE" "$NPM" \
    install --prefix "$root/.runtime/heroku" --no-save --ignore-scripts --no-audit --no-fund --loglevel=http heroku@11
}
