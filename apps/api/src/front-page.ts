// The front page: one HTML document without a single outside reference.
import { createHash } from 'node:crypto'

const STYLE = `
:root{color-scheme:light dark;--ink:#1d1b2a;--dim:#5d5a70;--line:#e3e1ec;--paper:#fbfafd;--card:#fff;--accent:#6247aa}
@media (prefers-color-scheme:dark){:root{--ink:#eceaf6;--dim:#a5a1ba;--line:#332f45;--paper:#16141f;--card:#1e1b2a;--accent:#b79cf7}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.6 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:44rem;margin:0 auto;padding:4rem 1.5rem 6rem}
h1{font-size:2.4rem;line-height:1.15;margin:0 0 .5rem;letter-spacing:-.02em}
h2{font-size:1.05rem;margin:2.5rem 0 .5rem}
p{margin:.5rem 0;color:var(--dim)}
.up{display:inline-flex;align-items:center;gap:.5rem;font-size:.9rem;color:var(--dim);margin-bottom:1.5rem}
.up i{width:.6rem;height:.6rem;border-radius:50%;background:#2da44e}
pre{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:1rem 1.2rem;overflow-x:auto;font:14px/1.7 ui-monospace,SFMono-Regular,Menlo,monospace}
b{color:var(--accent);font-weight:600}
a{color:var(--accent)}
`

/** Nothing may be loaded, framed or run; of styles only the one below. */
export const frontPagePolicy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

/** `url`: where the platform answers, `secureUrl`: the same by https; both without a slash at the end. */
export function frontPage(url: string, secureUrl: string): string {
  const shown = escapeHtml(url)
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>paas</title>
<style>${STYLE}</style>
<main>
<div class="up"><i></i>This platform is up</div>
<h1>Push code. It runs.</h1>
<p>A platform for your apps on your own machines: <b>git push</b> builds, releases, runs and routes them.</p>
<h2>Your first app</h2>
<pre>paas login --url ${shown}
cd my-app
paas create
git push paas main
paas open</pre>
<p>Any folder with a Node.js, Python, static or Dockerfile app will do, committed to git.</p>
<h2>With Heroku’s own command line</h2>
<pre>${escapeHtml(herokuVariables(secureUrl))}
heroku create
git push heroku main</pre>
<p>The API follows Heroku’s Platform API version 3. The two files are <a href="/ca.pem">the platform’s certificate</a>.</p>
</main>
</html>
`
}

/** Heroku's CLI takes other hosts only with `localhost` in their URL, and sends them its token only when told to. */
function herokuVariables(secureUrl: string): string {
  const { host, hostname } = new URL(secureUrl)
  const local = hostname === 'localhost' || hostname === '127.0.0.1'
  return [
    `export HEROKU_HOST=https://${local ? '' : 'localhost@'}${host}`,
    'export HEROKU_API_KEY=$(paas auth:token)',
    ...(local ? [] : ['export HEROKU_HEADERS="{\\"authorization\\":\\"Bearer $HEROKU_API_KEY\\"}"']),
    'export NODE_EXTRA_CA_CERTS=paas-ca.pem GIT_SSL_CAINFO=paas-ca.pem',
    'export DISABLE_TELEMETRY=true HEROKU_PARTICLEBOARD_URL=$HEROKU_HOST',
  ].join('\n')
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}
