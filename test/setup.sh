# What only end-to-end tests need, sourced by bin/test: a browser.
command -v chromium > /dev/null || {
  say 'Installing chromium, for the browser tests'
  quietly env DEBIAN_FRONTEND=noninteractive apt-get update
  quietly env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium
}
