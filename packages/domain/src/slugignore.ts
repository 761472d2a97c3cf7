// .slugignore: files of the repository that the app does not need to run.
//
// Heroku reads gitignore's patterns without negation
// (devcenter.heroku.com/articles/slug-compiler#ignoring-files-with-slugignore).

/** Says of a path (no leading slash) whether the file lists it, or a folder above it. */
export function parseSlugignore(text: string): (path: string) => boolean {
  const patterns = text
    .split(/\r\n|\r|\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#') && !line.startsWith('!'))
    .map(patternOf)
  return (path) => patterns.some((pattern) => pattern.test(path))
}

/** A pattern with a slash before its end is meant from the root; any other one matches at every depth. */
function patternOf(line: string): RegExp {
  const body = line.replace(/\/+$/, '')
  const anchored = body.includes('/')
  const source = body
    .replace(/^\/+/, '')
    .split('/')
    .map((part) => (part === '**' ? '.*' : partOf(part)))
    .join('/')
    .replaceAll('.*/', '(?:.*/)?')
  return new RegExp(`^${anchored ? '' : '(?:.*/)?'}${source}(?:/|$)`, 's')
}

function partOf(part: string): string {
  return part
    .replace(/[.+^${}()|\\[\]]/g, '\\$&')
    .replace(/\*+/g, '[^/]*')
    .replaceAll('?', '[^/]')
}
