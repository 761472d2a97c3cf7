# What package.json and its neighbours say: scripts, engines, package manager.

declare -A package=()

read_package() {
  local fields
  fields=$(node -e '
    const { scripts = {}, engines = {}, packageManager = "" } = JSON.parse(fs.readFileSync("package.json", "utf8").replace(/^\uFEFF/, ""))
    const manager = /^(npm|yarn|pnpm)@([0-9][0-9A-Za-z.-]*)/.exec(packageManager) ?? []
    const put = (name, value) => console.log(`${name}\t${String(value ?? "").replace(/[\t\n]/g, " ")}`)
    for (const name of Object.keys(scripts)) put(`script:${name}`, "yes")
    for (const name of ["node", "npm", "yarn", "pnpm"]) put(`engine:${name}`, engines[name])
    put("manager", manager[1])
    put("manager:version", manager[2])
  ' 2>/dev/null) || fail 'package.json cannot be read as JSON' 'Check it with: node -p "require(\"./package.json\").name"'
  local name value
  while IFS=$'\t' read -r name value; do package[$name]=$value; done <<<"$fields"
}

has_script() { [[ ${package[script:$1]:-} == yes ]]; }

# Whether any script of the app runs in a build, which then may need development dependencies.
runs_scripts() {
  local name
  for name in build heroku-prebuild heroku-postbuild heroku-cleanup preinstall install postinstall prepublish preprepare prepare postprepare; do
    if has_script "$name"; then return 0; fi
  done
  return 1
}

run_script() {
  has_script "$1" || return 0
  header "Running $1"
  case $manager in
    npm) npm run "$1" 2>&1 | indent ;;
    yarn) yarn run "$1" 2>&1 | indent ;;
    pnpm) pnpm run "$1" 2>&1 | indent ;;
  esac || fail "The script \"$1\" of package.json failed; what it said is above"
}

describe_environment() {
  header 'Creating runtime environment'
  export NODE_ENV=${NODE_ENV:-production} NPM_CONFIG_LOGLEVEL=${NPM_CONFIG_LOGLEVEL:-error} NODE_MODULES_CACHE=${NODE_MODULES_CACHE:-true}
  detail "NODE_ENV=$NODE_ENV NODE_MODULES_CACHE=$NODE_MODULES_CACHE NPM_CONFIG_LOGLEVEL=$NPM_CONFIG_LOGLEVEL"
  header 'Installing binaries'
  detail "engines.node (package.json): ${package[engine:node]:-unspecified}"
  detail "Using Node.js $(node --version | tr -d v)"
}

# Pruning can be switched off, by Heroku's names.
should_prune() {
  [[ $NODE_ENV == production ]] || return 1
  case $manager in
    npm) [[ ${NPM_CONFIG_PRODUCTION:-true} != false ]] ;;
    yarn) [[ ${YARN_PRODUCTION:-true} != false && ${YARN2_SKIP_PRUNING:-false} != true ]] ;;
    pnpm) [[ ${PNPM_SKIP_PRUNING:-false} != true ]] ;;
  esac
}
