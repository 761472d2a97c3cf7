# Django's collectstatic, unless DISABLE_COLLECTSTATIC says otherwise.

collect_static() {
  [[ -f manage.py ]] || return 0
  if [[ -n ${DISABLE_COLLECTSTATIC:-} && ${DISABLE_COLLECTSTATIC:-} != 0 ]]; then
    detail 'DISABLE_COLLECTSTATIC is set: static files stay as they are'
    return 0
  fi
  python -c 'import django' 2>/dev/null || return 0
  header '$ python manage.py collectstatic --noinput'
  PYTHONPATH=/app python manage.py collectstatic --noinput --traceback 2>&1 | indent ||
    fail 'collectstatic failed; what it said is above' \
      'If the app has no static files, or settings need config vars that are not set yet:' \
      '  paas config:set DISABLE_COLLECTSTATIC=1'
}
