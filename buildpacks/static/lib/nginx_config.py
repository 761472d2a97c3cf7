"""Writes nginx's configuration from static.json (or from none).

The fields are those of Heroku's static buildpack: root, clean_urls, routes,
redirects, error_page, https_only, canonical_host, headers. Every value is
checked against a narrow pattern, because it ends up in a configuration file.
"""

import json
import os
import re
import sys

KNOWN = {"root", "clean_urls", "routes", "redirects", "error_page", "https_only", "canonical_host", "headers", "encoding"}
PATH = re.compile(r"^/?[A-Za-z0-9._~%@!*()+,=:&/ -]*$")
URL = re.compile(r"^[A-Za-z0-9._~%@!*()+,=:&/?#-]+$")
HEADER = re.compile(r"^[A-Za-z0-9-]+$")
HOST = re.compile(r"^[A-Za-z0-9.-]+$")


def fail(message, hint=None):
    print(f" !     {message}")
    if hint:
        print(f" !     {hint}")
    sys.exit(1)


def checked(pattern, value, what):
    if not isinstance(value, str) or not pattern.match(value) or ".." in value:
        fail(f"static.json: {what} cannot be {json.dumps(value)}")
    return value


def quoted(value, what):
    if not isinstance(value, str) or re.search(r"[\x00-\x1f]", value):
        fail(f"static.json: {what} must be text of one line")
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "${dollar}") + '"'


def read_settings():
    if not os.path.exists("static.json"):
        return {}
    try:
        with open("static.json", encoding="utf-8-sig") as file:
            settings = json.load(file)
    except ValueError as error:
        fail(f"static.json is not valid JSON: {error}")
    if not isinstance(settings, dict):
        fail("static.json must be an object")
    if "proxies" in settings:
        fail("static.json: proxies are not supported", "Let the page call the other app by its own address.")
    for name in settings.keys() - KNOWN:
        print(f" !     static.json: {name} is not known and ignored")
    return settings


def find_root(settings):
    if "root" in settings:
        root = checked(PATH, settings["root"], "root").strip("/")
        if not os.path.isdir(root or "."):
            fail(f"static.json: the root folder {root}/ is not there", "Is it made by a build? Then that buildpack must come first.")
        return root
    for root in ("", "public", "dist", "public_html"):
        if os.path.exists(os.path.join(root, "index.html")):
            return root
    return "public_html" if os.path.isdir("public_html") else ""


def wildcard(pattern):
    """`/blog/**` as a regular expression: ** crosses slashes, * does not."""
    checked(PATH, pattern, "a path")
    parts = re.split(r"(\*\*|\*)", pattern)
    return "^" + "".join({"**": ".*", "*": "[^/]*"}.get(part, re.escape(part)) for part in parts) + "$"


def redirects(settings):
    for path, to in (settings.get("redirects") or {}).items():
        url, status = (to, 301) if isinstance(to, str) else (to.get("url"), to.get("status", 301))
        if status not in (301, 302, 303, 307, 308):
            fail(f"static.json: a redirect cannot have the status {status}")
        yield f'    location ~ "{wildcard(path)}" {{ return {status} "{checked(URL, url, "a redirect")}"; }}'


def headers(settings):
    """One map per header: the value of the last pattern that fits, nothing where none does."""
    by_name = {}
    for path, fields in (settings.get("headers") or {}).items():
        for name, value in fields.items():
            by_name.setdefault(checked(HEADER, name, "a header's name"), []).append((wildcard(path), quoted(value, "a header")))
    for number, (name, rules) in enumerate(by_name.items()):
        lines = "".join(f'    "~{path}" {value};\n' for path, value in reversed(rules))
        yield f"  map $uri $header{number} {{\n    default \"\";\n{lines}  }}", f"    add_header {name} $header{number} always;"


def routes(settings, fallback):
    for path, file in (settings.get("routes") or {}).items():
        target = "/" + checked(PATH, file, "a route").lstrip("/")
        yield f'    location ~ "{wildcard(path)}" {{ try_files $uri{fallback} $uri/index.html "{target}" =404; }}'


def main(output):
    settings = read_settings()
    root = find_root(settings)
    print(f"       Serving {root + '/' if root else 'the root of the repository'}")
    fallback = " $uri.html" if settings.get("clean_urls") else ""
    maps, add_headers = [], []
    for new_map, add_header in headers(settings):
        maps.append(new_map)
        add_headers.append(add_header)
    server = list(add_headers)
    if settings.get("https_only"):
        server.append('    if ($http_x_forwarded_proto = "http") { return 301 https://$host$request_uri; }')
    if "canonical_host" in settings:
        host = checked(HOST, settings["canonical_host"], "canonical_host")
        server.append(f'    if ($host != "{host}") {{ return 301 $scheme_out://{host}$request_uri; }}')
    if settings.get("error_page"):
        server.append(f'    error_page 404 "/{checked(PATH, settings["error_page"], "error_page").lstrip("/")}";')
    elif os.path.exists(os.path.join(root, "404.html")):
        server.append("    error_page 404 /404.html;")
    # What lies in a repository and is not for readers, when its root is served.
    server.append(r"    location ~ /\.(?!well-known/) { return 404; }")
    if not root:
        server.append(r"    location ~ ^/(Procfile|static\.json|app\.json|package\.json|package-lock\.json|README\.md)$ { return 404; }")
    server.extend(redirects(settings))
    server.extend(routes(settings, fallback))
    server.append(f"    location / {{ try_files $uri{fallback} $uri/ =404; }}")
    with open(os.path.join(os.path.dirname(__file__), "nginx.conf"), encoding="utf-8") as file:
        template = file.read()
    text = template.replace("__ROOT__", f"/app/{root}".rstrip("/")).replace("  __MAPS__\n", "".join(m + "\n" for m in maps))
    text = text.replace("    __SERVER__\n", "".join(line + "\n" for line in server))
    with open(output, "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    main(sys.argv[1])
