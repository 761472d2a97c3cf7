// What a visitor sees when the router answers by itself: one small page
// without outside parts, or JSON for programs. Nothing in it comes from the
// request, so there is nothing to escape.
import { ROUTER_CODES, type RouterCode } from './router-codes.ts'

export interface ErrorPage {
  status: number
  contentType: string
  body: string
}

interface PageText {
  id: string
  title: string
  text: string
}

export type PageKind = RouterCode | 'no-such-app' | 'bad-request'

const APPLICATION_ERROR: PageText = {
  id: 'application_error',
  title: 'Application error',
  text: 'The application could not answer this request. If it is yours, its log says why: <code>paas logs --tail</code>.',
}

const TEXTS: Partial<Record<PageKind, PageText>> = {
  'no-such-app': {
    id: 'no_such_app',
    title: 'No such app',
    text: 'There is no app at this address. If you just created it or added the domain, check its spelling.',
  },
  'bad-request': { id: 'bad_request', title: 'Bad request', text: 'The request is malformed and went no further.' },
  H14: {
    id: 'no_web_dynos',
    title: 'Nothing is running',
    text: 'This app has no web dynos. <code>paas ps:scale web=1</code> starts one.',
  },
  H20: { id: 'boot_timeout', title: 'Still starting', text: 'The app took too long to start. Please try again in a moment.' },
  H26: { id: 'bad_request', title: 'Bad request', text: 'The request is malformed and went no further.' },
  H80: {
    id: 'maintenance',
    title: 'Offline for maintenance',
    text: 'This application is being worked on and will be back soon. Please try again later.',
  },
  H81: {
    id: 'blank_app',
    title: 'Nothing here yet',
    text: 'This app has no release yet. <code>git push paas main</code> makes the first.',
  },
}

/** `accept` is the request's Accept header: JSON when it names JSON and not HTML. `status` overrides the code's own. */
export function errorPage(kind: PageKind, accept: string | undefined, status = statusOf(kind)): ErrorPage {
  const text = TEXTS[kind] ?? APPLICATION_ERROR
  const code = kind in ROUTER_CODES ? kind : undefined
  if (accept !== undefined && /\bjson\b/i.test(accept) && !/\bhtml\b/i.test(accept)) {
    const message = text.text.replace(/<\/?code>/g, '`')
    return { status, contentType: 'application/json', body: `${JSON.stringify({ id: text.id, code, message })}\n` }
  }
  return { status, contentType: 'text/html; charset=utf-8', body: html(text, code) }
}

function statusOf(kind: PageKind): number {
  if (kind === 'no-such-app') return 404
  if (kind === 'bad-request') return 400
  return ROUTER_CODES[kind].status
}

function html({ title, text }: PageText, code: string | undefined): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>
:root { color-scheme: light dark }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: Canvas; color: CanvasText; font: 16px/1.6 system-ui, sans-serif }
main { max-width: 32rem; padding: 2rem; border-left: 4px solid #6762a6 }
h1 { margin: 0 0 .5rem; font-size: 1.6rem; font-weight: 600 }
p { margin: 0; opacity: .8 }
small { display: block; margin-top: 1rem; opacity: .5 }
code { font-size: .95em }
</style>
<main>
<h1>${title}</h1>
<p>${text}</p>${code ? `\n<small>${code}</small>` : ''}
</main>
</html>
`
}
