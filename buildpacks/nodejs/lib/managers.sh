# npm, yarn and pnpm: which one, which version, and how each installs and prunes.
#
# yarn and pnpm come from the npm registry into /app/.heroku/tools, so that
# `yarn start` works in a dyno too. corepack is not used: it is no part of Node
# from 25 on, and it asks a host of its own for yarn.

manager=npm

choose_manager() {
  local found=() lock
  for lock in package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml; do [[ -f $lock ]] && found+=("$lock"); done
  if [[ ${#found[@]} -gt 1 && ! (${#found[@]} -eq 2 && ${found[0]} == package-lock.json && ${found[1]} == npm-shrinkwrap.json) ]]; then
    fail "There is more than one lockfile: ${found[*]}" 'Each says what to install; keep that of the package manager you use and remove the others.'
  fi
  case ${found[0]:-} in
    yarn.lock) manager=yarn ;;
    pnpm-lock.yaml) manager=pnpm ;;
    package-lock.json | npm-shrinkwrap.json) manager=npm ;;
    *) manager=${package[manager]:-npm} ;;
  esac
  if [[ -n ${package[manager]:-} && ${package[manager]} != "$manager" ]]; then
    fail "package.json names ${package[manager]} as packageManager, but the lockfile is ${found[0]}"
  fi
}

# The version of the chosen manager: packageManager, engines, or what the lockfile was written by.
manager_spec() {
  local version=${package[manager:version]:-${package[engine:$manager]:-}}
  case $manager in
    npm) [[ -n $version ]] && echo "npm@$version" ;;
    yarn)
      if [[ -z $version ]]; then
        if [[ -f yarn.lock ]] && ! grep -q '^__metadata:' yarn.lock; then version=1.x; else version=4.x; fi
      fi
      if [[ $version =~ ^[^0-9]*1(\.|$) ]]; then echo "yarn@$version"; else echo "@yarnpkg/cli-dist@$version"; fi
      ;;
    pnpm)
      if [[ -z $version ]]; then
        case $(sed -n "s/^lockfileVersion: *['\"]\{0,1\}\([0-9]*\).*/\1/p" pnpm-lock.yaml 2>/dev/null) in
          5) version=7.x ;;
          6) version=8.x ;;
          *) version=10.x ;;
        esac
      fi
      echo "pnpm@$version"
      ;;
  esac
}

prepare_manager() {
  choose_manager
  local cache=$CACHE_DIR spec
  if [[ $NODE_MODULES_CACHE == false ]]; then cache=/tmp/cache; fi
  # Caches anywhere but in /app, which is HOME: they would end up in the image.
  export npm_config_cache=$cache/npm npm_config_update_notifier=false npm_config_fund=false npm_config_audit=false
  export YARN_CACHE_FOLDER=$cache/yarn YARN_ENABLE_GLOBAL_CACHE=false YARN_ENABLE_TELEMETRY=0
  # Belongs to node_modules, and differs from build to build: with the dependencies, not with the source.
  export YARN_INSTALL_STATE_PATH=/app/.heroku/yarn-install-state.gz
  export npm_config_store_dir=$cache/pnpm
  # node-gyp finds Node's headers here in place of downloading them.
  export npm_package_config_node_gyp_nodedir=/usr/local npm_config_nodedir=/usr/local
  export CI=${CI:-true} COREPACK_ENABLE_STRICT=0

  spec=$(manager_spec) || true
  if [[ -n $spec ]] && ! { [[ $manager == npm ]] && satisfies_npm "${spec#npm@}"; }; then
    detail "Installing $spec"
    NODE_ENV= npm install --global --no-save --prefix /app/.heroku/tools "$spec" 2>&1 | grep -v '^$' | indent ||
      fail "$spec could not be installed from the npm registry" 'package.json: "packageManager" or "engines" ask for it.'
    PATH=/app/.heroku/tools/bin:$PATH
    hash -r
  fi
  detail "Using $manager $("$manager" --version 2>/dev/null)"
}

satisfies_npm() {
  node -e '
    const semver = require("/usr/local/lib/node_modules/npm/node_modules/semver")
    process.exit(semver.satisfies(process.argv[2], process.argv[1]) ? 0 : 1)
  ' "$1" "$(npm --version)"
}

# $1: `development` for everything, `production` without development dependencies.
install() {
  local args=()
  case $manager in
    npm)
      if [[ $1 == production ]]; then args+=(--omit=dev); else args+=(--include=dev); fi
      if [[ -f package-lock.json || -f npm-shrinkwrap.json ]] && [[ ! -d node_modules ]]; then
        detail "Installing node modules (npm ci)"
        npm ci "${args[@]}" 2>&1 | indent
      else
        [[ -f package-lock.json || -f npm-shrinkwrap.json ]] ||
          warning 'There is no package-lock.json: versions may differ from build to build.' 'Run `npm install` and commit it.'
        detail 'Installing node modules (npm install)'
        npm install "${args[@]}" 2>&1 | indent
      fi
      ;;
    yarn)
      if is_yarn_1; then
        [[ $1 == production ]] && args+=(--production=true) || args+=(--production=false)
        [[ -f yarn.lock ]] && args+=(--frozen-lockfile)
        detail 'Installing node modules (yarn.lock)'
        yarn install --ignore-engines --non-interactive --no-progress "${args[@]}" 2>&1 | indent
      elif [[ $1 == production ]]; then
        detail 'Installing production packages (yarn workspaces focus)'
        yarn workspaces focus --all --production 2>&1 | indent
      else
        detail 'Installing node modules (yarn install --immutable)'
        yarn install --immutable 2>&1 | indent
      fi
      ;;
    pnpm)
      [[ $1 == production ]] && args+=(--prod) || args+=(--prod=false)
      [[ -f pnpm-lock.yaml ]] && args+=(--frozen-lockfile)
      detail 'Installing node modules (pnpm-lock.yaml)'
      pnpm install "${args[@]}" 2>&1 | indent
      ;;
  esac || fail "$manager could not install the dependencies; what it said is above" \
    'If package.json and the lockfile disagree, run the install at home and commit the lockfile.'
}

prune() {
  case $manager in
    npm) npm prune --omit=dev --ignore-scripts 2>&1 | indent ;;
    yarn)
      if is_yarn_1; then
        yarn install --ignore-engines --non-interactive --no-progress --frozen-lockfile --production=true --ignore-scripts --prefer-offline 2>&1 | indent
      else
        yarn workspaces focus --all --production 2>&1 | indent
      fi
      ;;
    pnpm) pnpm prune --prod --config.ignore-scripts=true 2>&1 | indent ;;
  esac || fail "$manager could not prune the development dependencies"
}

# pnpm notes when it last looked; without the hour, equal dependencies are an equal layer.
forget_times() {
  [[ $manager == pnpm && -d node_modules ]] || return 0
  rm -f node_modules/.pnpm-workspace-state*.json
  local never='Sat, 01 Jan 2000 00:00:00 GMT'
  sed --in-place -E "s/(\"prunedAt\": *)\"[^\"]*\"/\\1\"$never\"/; s/^prunedAt: .*/prunedAt: $never/" node_modules/.modules.yaml
}

is_yarn_1() { [[ $(yarn --version) == 1.* ]]; }
