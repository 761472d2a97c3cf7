import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { it, newDirectory, paas } from '../cli.fixture.ts'
import { refuse } from '../platform.fixture.ts'

describe('login', () => {
  const home = newDirectory

  it('trades e-mail and password for a token, keeps it, and tells git', async ({ platform, calls }) => {
    platform.answers = {
      'POST /oauth/authorizations': { id: '1', access_token: { token: 'fresh' } },
      'GET /account': { email: 'ada@example.com' },
      'GET /oauth/authorizations': [
        { id: '2', access_token: { token: '**********' } },
        { id: '1', access_token: { token: 'fresh' } },
      ],
      'DELETE /oauth/authorizations/1': {},
    }
    const env = { HOME: home() }
    const args = ['login', platform.url, '--email', 'ada@example.com', '--password-stdin']
    const { status, stderr } = await paas(args, { env, stdin: 'päss:word\n' })
    expect({ status, stderr }).toEqual({ status: 0, stderr: `Logged in to ${platform.url} as ada@example.com.\n` })
    expect(platform.asked[0]!.headers.authorization).toBe(`Basic ${Buffer.from('ada@example.com:päss:word').toString('base64')}`)
    expect(platform.asked[1]!.headers.authorization).toBe('Bearer fresh')

    const config = readFileSync(join(env.HOME, '.gitconfig'), 'utf8')
    expect(config).toContain(`[credential "${platform.url}"]`)
    expect(config).toContain('helper = store --file=')
    expect((await paas(['whoami'], { env })).stdout).toBe('ada@example.com\n')

    expect((await paas(['logout'], { env })).status).toBe(0)
    expect(calls().at(-1)).toBe('DELETE /oauth/authorizations/1')
    expect(readFileSync(join(env.HOME, '.gitconfig'), 'utf8')).not.toContain('helper = store')
    expect((await paas(['whoami'], { env })).status).toBe(1)
  })

  it('answers git for this platform and for nobody else', async ({ platform, run }) => {
    const host = new URL(platform.url).host
    const ask = async (stdin: string) => (await run('git:credentials get', { stdin })).stdout
    expect(await ask(`protocol=http\nhost=${host}\n\n`)).toBe('username=paas\npassword=secret-token\n')
    expect(await ask(`protocol=https\nhost=${host}\n\n`)).toBe('')
    expect(await ask('protocol=http\nhost=localhost\n\n')).toBe('')
    expect(await ask(`protocol=http\nhost=${host}.evil.org\n\n`)).toBe('')
  })

  it('keeps what is there when the password is wrong', async ({ platform }) => {
    platform.answers['POST /oauth/authorizations'] = (_, response) =>
      refuse(response, 401, 'unauthorized', 'Invalid credentials provided.')
    const env = { HOME: home() }
    writeFileSync(join(env.HOME, '.gitconfig'), '')
    const args = ['login', platform.url, '--email', 'ada@example.com', '--password-stdin']
    const { status, stderr } = await paas(args, { env, stdin: 'wrong' })
    expect(status).toBe(1)
    expect(stderr).toContain('Check e-mail and password')
    expect(readFileSync(join(env.HOME, '.gitconfig'), 'utf8')).toBe('')
  })
})
