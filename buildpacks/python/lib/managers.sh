# pip, uv, Poetry and Pipenv: which one, and how each fills the virtualenv.
# The tools themselves live in the app's cache, never in its image.

manager=

choose_manager() {
  local found=()
  [[ -f requirements.txt ]] && found+=('requirements.txt (pip)')
  [[ -f uv.lock ]] && found+=('uv.lock (uv)')
  [[ -f poetry.lock ]] && found+=('poetry.lock (Poetry)')
  [[ -f Pipfile.lock || -f Pipfile ]] && found+=('Pipfile (Pipenv)')
  if ((${#found[@]} > 1)); then
    fail 'There is more than one package manager:' "${found[@]}" 'Keep the files of the one you use and remove the others.'
  fi
  case ${found[0]:-} in
    requirements.txt*) manager=pip ;;
    uv.lock*) manager=uv ;;
    poetry.lock*) manager=poetry ;;
    Pipfile*)
      [[ -f Pipfile.lock ]] || fail 'There is a Pipfile but no Pipfile.lock' 'Run `pipenv lock` and commit it.'
      manager=pipenv
      ;;
    *)
      manager=project
      if grep -qs '^\[tool\.poetry' pyproject.toml; then fail 'pyproject.toml is for Poetry, but there is no poetry.lock' 'Run `poetry lock` and commit it.'; fi
      if [[ ! -f setup.py ]] && ! grep -qs '^\[project\]' pyproject.toml; then
        fail 'Nothing says what to install' 'Add a requirements.txt (an empty one will do), or a lockfile of uv, Poetry or Pipenv.'
      fi
      ;;
  esac
}

install_dependencies() {
  case $manager in
    pip)
      header 'Installing dependencies with pip'
      pip install --no-compile --requirement requirements.txt 2>&1 | quiet_pip
      ;;
    project)
      header 'Installing the project with pip'
      warning 'There is no lockfile: versions may differ from build to build.'
      pip install --no-compile . 2>&1 | quiet_pip
      ;;
    uv)
      tool uv uv
      header 'Installing dependencies with uv'
      UV_PROJECT_ENVIRONMENT=$VENV UV_PYTHON=$VENV/bin/python UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy UV_CACHE_DIR=$CACHE_DIR/uv \
        UV_NO_PROGRESS=1 uv sync --locked --no-default-groups --inexact 2>&1 | indent
      ;;
    poetry)
      tool poetry 'poetry>=2'
      header 'Installing dependencies with Poetry'
      POETRY_VIRTUALENVS_CREATE=false POETRY_CACHE_DIR=$CACHE_DIR/poetry-cache poetry sync --only main --no-root --no-interaction --no-ansi 2>&1 | indent
      ;;
    pipenv)
      tool pipenv pipenv
      header 'Installing dependencies with Pipenv'
      PIPENV_VERBOSITY=-1 PIPENV_IGNORE_VIRTUALENVS=0 PIPENV_CACHE_DIR=$CACHE_DIR/pipenv-cache pipenv sync 2>&1 | indent
      ;;
  esac || fail "$manager could not install the dependencies; what it said is above"
  compile_virtualenv
}

# $1 with a virtualenv of its own in the cache, by the stack that it was made on.
tool() {
  local home=$CACHE_DIR/tools/$1-$STACK
  if [[ ! -x $home/bin/$1 ]]; then
    header "Installing $1"
    rm -rf "$home"
    python3 -m venv "$home" && "$home/bin/pip" install --quiet "$2" 2>&1 | indent || fail "$1 could not be installed from the package index"
  fi
  mkdir -p /tmp/bin
  ln -sf "$home/bin/$1" "/tmp/bin/$1"
  PATH=/tmp/bin:$PATH
}

# What pip has nothing to say about is most of what it says.
quiet_pip() { { grep --line-buffered -v -E '^(Requirement already satisfied|  Preparing metadata|\[notice\])' || true; } | indent; }
