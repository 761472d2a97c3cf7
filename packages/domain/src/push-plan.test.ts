import { expect, it } from 'vitest'
import { MAX_UPDATES, parseUpdate, planPush, type RefUpdate } from './push-plan.ts'

const a = 'a'.repeat(40)
const b = 'b'.repeat(40)
const zero = '0'.repeat(40)

function update(ref: string, after: string | undefined = b, before: string | undefined = a): RefUpdate {
  return { ref, before, after }
}

it.each([
  { title: 'main deploys', refs: [update('refs/heads/main')], kind: 'deploy', says: '' },
  { title: 'master deploys', refs: [update('refs/heads/master')], kind: 'deploy', says: '' },
  { title: 'main with tags deploys main', refs: [update('refs/tags/v1'), update('refs/heads/main')], kind: 'deploy', says: '' },
  {
    title: 'another branch is kept, with the way to deploy it',
    refs: [update('refs/heads/feature/x')],
    kind: 'keep',
    says: 'git push paas feature/x:main',
  },
  { title: 'a tag is kept', refs: [update('refs/tags/v1')], kind: 'keep', says: 'git push paas v1^{}:main' },
  {
    title: 'another branch may be deleted',
    refs: [{ ref: 'refs/heads/old', before: a, after: undefined }],
    kind: 'keep',
    says: 'old deleted',
  },
  {
    title: 'main may not be deleted',
    refs: [{ ref: 'refs/heads/main', before: a, after: undefined }],
    kind: 'refuse',
    says: 'cannot be deleted',
  },
  {
    title: 'main and master together are refused',
    refs: [update('refs/heads/main'), update('refs/heads/master')],
    kind: 'refuse',
    says: 'main and master',
  },
  { title: 'refs of other kinds are refused', refs: [update('refs/pull/1/head')], kind: 'refuse', says: 'refs/pull/1/head' },
  { title: 'HEAD is refused', refs: [update('HEAD')], kind: 'refuse', says: 'HEAD' },
  {
    title: 'a name for an option parser is refused',
    refs: [update('refs/heads/--upload-pack=x')],
    kind: 'refuse',
    says: 'not accepted',
  },
  { title: 'a 4 kB name is refused', refs: [update(`refs/heads/${'x'.repeat(4096)}`)], kind: 'refuse', says: 'not accepted' },
  { title: 'a shell in a name is only a name', refs: [update('refs/heads/$(id)')], kind: 'keep', says: '$(id)' },
  {
    title: 'an unreadable update refuses the push',
    refs: [undefined, update('refs/heads/main')],
    kind: 'refuse',
    says: 'not accepted',
  },
  {
    title: 'too many refs are refused',
    refs: Array.from({ length: MAX_UPDATES + 1 }, (_, i) => update(`refs/heads/b${i}`)),
    kind: 'refuse',
    says: `at most ${MAX_UPDATES}`,
  },
])('$title', ({ refs, kind, says }) => {
  const plan = planPush(refs)
  expect(plan.kind).toBe(kind)
  expect(plan.lines.join('\n')).toContain(says)
})

it.each([
  { line: `${a} ${b} refs/heads/main`, got: update('refs/heads/main') },
  { line: `${zero} ${b} refs/heads/main`, got: { ref: 'refs/heads/main', before: undefined, after: b } },
  { line: `${a} ${zero} refs/heads/x`, got: { ref: 'refs/heads/x', before: a, after: undefined } },
  { line: `${a} ${b} refs/heads/a b`, got: undefined },
  { line: `--exec ${b} refs/heads/x`, got: undefined },
  { line: '', got: undefined },
])('parses $line', ({ line, got }) => expect(parseUpdate(line)).toEqual(got))

it.each([
  'refs/heads/../main',
  'refs/heads/a..b',
  'refs/heads/.hidden',
  'refs/heads/a.lock',
  'refs/heads/a\u001b[31m',
  'refs/heads/',
])('refuses the name %j', (ref) => expect(planPush([update(ref)]).kind).toBe('refuse'))
