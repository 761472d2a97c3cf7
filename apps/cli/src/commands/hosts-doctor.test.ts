import { describe, expect } from 'vitest'
import { it } from '../cli.fixture.ts'
import { good, host, inDays } from './hosts.fixture.ts'

describe('hosts:doctor', () => {
  it('finds nothing wrong with a host that is well', async ({ platform, run }) => {
    platform.answers = {
      'GET /hosts': [
        host('local', { local: true, authority_expires_at: inDays(3000) }),
        host('h2', { certificates: { client: good(200), server: good(99, { renewed_by: 'admin' }) } }),
      ],
    }
    expect(await run('hosts:doctor')).toMatchObject({ status: 0, stdout: 'local: nothing wrong\nh2: nothing wrong\n' })
  })

  it('names nodes of a swarm that are no hosts', async ({ platform, run }) => {
    platform.answers = { 'GET /hosts': [host('local', { local: true, strangers: ['w3', 'w4'] })] }
    const { status, stdout } = await run('hosts:doctor')
    expect(status).toBe(0)
    expect(stdout).toContain('w3, w4 are nodes of its swarm and no hosts')
    expect(stdout).toContain('hosts:add')
  })

  it.for([
    {
      title: 'lost',
      rest: { condition: 'lost', reason: 'its engine is silent' },
      says: 'it is lost',
      does: 'hosts:remove h2 --force',
    },
    { title: 'failed', rest: { condition: 'failed', reason: 'clock' }, says: 'it could not join: clock', does: 'hosts:add h2' },
    { title: 'sick', rest: { condition: 'sick' }, says: 'it is sick', does: 'systemctl status docker' },
    { title: 'full', rest: { disk: { free: 1e9, total: 80e9 } }, says: 'its disk has 1 GB free', does: 'docker system df' },
    {
      title: 'known by a certificate of another authority that nears its end',
      rest: { certificates: { client: good(10.5, { renewed_by: 'admin' }), server: null } },
      ...{ says: 'our certificate for its engine expires in 10 days', does: 'paas hosts:credentials h2 --cert-path DIR' },
    },
    {
      title: 'behind the end of its own, of another authority',
      rest: { certificates: { client: null, server: good(-1, { renewed_by: 'admin' }) } },
      ...{ says: 'the certificate of its engine expired at', does: 'restart Docker there' },
    },
    {
      title: 'not renewed',
      rest: {
        certificates: { client: null, server: good(90.5, { last_renewal: { at: inDays(-1), failures: 3, reason: 'it hung' } }) },
      },
      ...{ says: 'could not be renewed, 3 times in a row: it hung', does: 'tried again by itself' },
    },
    {
      title: 'the platform’s own, whose authority nears its end',
      rest: { authority_expires_at: inDays(300) },
      ...{ says: 'own authority ends at', does: '092-certificates.md' },
    },
    {
      title: 'drained in its swarm',
      rest: { node_trouble: 'its node is drained' },
      says: 'its node is drained',
      does: 'docker node',
    },
    { title: 'not heard of', rest: { last_seen: inDays(-1) }, says: 'nobody has noted since', does: './bin/status' },
  ])('says what to do with a host that is $title, and exits with 1', async ({ rest, says, does }, { platform, run }) => {
    platform.answers = { 'GET /hosts': [host('h2', rest)] }
    const { status, stdout } = await run('hosts:doctor h2')
    expect([status, stdout]).toEqual([1, expect.stringContaining(says)])
    expect(stdout).toContain(does)
  })

  it.for([
    { title: 'cordoned', rest: { cordoned: true }, does: 'hosts:uncordon h2' },
    { title: 'draining', rest: { draining: true, dynos: 2 }, does: 'hosts:drain h2 --stop' },
    { title: 'distrusted', rest: { distrust_until: inDays(1) }, does: 'network and power' },
    { title: 'older', rest: { engine_version: '19.3' }, does: 'drain it first' },
  ])('notes one that is $title, which is not wrong', async ({ rest, does }, { platform, run }) => {
    platform.answers = { 'GET /hosts': [host('local', { local: true }), host('h2', rest)] }
    const { status, stdout } = await run('hosts:doctor h2')
    expect([status, stdout]).toEqual([0, expect.stringContaining(does)])
  })

  it('does not know a host that is not there', async ({ platform, run }) => {
    platform.answers = { 'GET /hosts': [] }
    expect(await run('hosts:doctor h2')).toMatchObject({ status: 1, stderr: expect.stringContaining('No host named h2') })
  })
})
