# What people read: Heroku's three shapes of line, and config vars as environment.

header() { printf -- '-----> %s\n' "$*"; }
detail() { printf '       %s\n' "$*"; }
warning() { printf ' !     %s\n' "$@"; }
fail() {
  warning "$@"
  exit 1
}
# Output of a tool, indented as it comes.
indent() { sed --unbuffered 's/^/       /'; }

# Config vars are files, one per name. Those that would change this shell or
# the loader are left out: they are for the app, not for its build.
export_config_vars() {
  local file name
  for file in "$1"/*; do
    [[ -f $file ]] || continue
    name=${file##*/}
    [[ $name =~ ^[A-Za-z_][A-Za-z0-9_]*$ ]] || continue
    case $name in
      PATH | HOME | PWD | SHELL | IFS | TMPDIR | CACHE_DIR | ENV_DIR | BUILD_DIR | XDG_* | BASH* | ENV | GIT_DIR | CPATH | CPPATH) continue ;;
      LD_* | LIBRARY_PATH | PYTHONHOME | PYTHONPATH | NODE_OPTIONS | NODE_EXTRA_CA_CERTS | SSL_CERT_FILE | STACK | SOURCE_VERSION) continue ;;
    esac
    export "$name=$(<"$file")"
  done
}
