import { describe, expect, it } from 'vitest'
import { judgeNodes, type NodeFacts } from './swarm-node.ts'

const local = { id: 'local', local: true, condition: 'up' as const }
const h2 = { id: 'h2', local: false, condition: 'up' as const }
const ready = { availability: 'active', state: 'ready' } as const
const own: NodeFacts = { id: 'n1', name: 'one', isOwn: true, hostId: undefined, ...ready }
const node = (more: Partial<NodeFacts> = {}): NodeFacts => ({
  ...own,
  id: 'n2',
  name: 'two',
  isOwn: false,
  hostId: 'h2',
  ...more,
})

describe('a host in a swarm', () => {
  it.each([
    { title: 'takes dynos when its node does', of: node(), got: null },
    { title: 'takes them while its manager only looks for it', of: node({ state: 'unknown' }), got: null },
    { title: 'takes none when it is drained', of: node({ availability: 'drain' }), got: /drained/ },
    { title: 'takes none when it is paused', of: node({ availability: 'pause' }), got: /paused/ },
    { title: 'takes none when it is down', of: node({ state: 'down' }), got: /does not hear/ },
    { title: 'takes none when it has left', of: node({ hostId: undefined }), got: /no more/ },
  ])('$title', ({ of, got }) => {
    const trouble = judgeNodes([own, of], [local, h2]).troubles.get('h2')
    if (got === null) expect(trouble).toBeNull()
    else expect(trouble).toMatch(got)
  })

  it.each(['joining', 'failed'] as const)('is not judged while it is %s', (condition) => {
    expect(judgeNodes([own], [local, { ...h2, condition }]).troubles.has('h2')).toBe(false)
  })

  it("is the platform's own machine too", () => {
    expect(judgeNodes([{ ...own, availability: 'drain' }], [local]).troubles.get('local')).toMatch(/drained/)
  })
})

it('names the nodes that are no hosts, and those whose host is gone', () => {
  const nodes = [own, node(), node({ id: 'n3', name: 'z', hostId: undefined }), node({ id: 'n4', name: 'a', hostId: undefined })]
  expect(judgeNodes([...nodes, node({ id: 'n5', hostId: 'forgotten' })], [local, h2])).toMatchObject({
    strangers: ['a', 'z'],
    orphans: ['n5'],
  })
})
