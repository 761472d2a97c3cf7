import { execFileSync } from 'node:child_process'
import { describe, expect } from 'vitest'
import { it, newDirectory } from '../cli.fixture.ts'

describe('in a git repository', () => {
  const shopAt = (url: string) => ({ name: 'shop', git_url: `${url}/shop.git`, web_url: 'http://shop.localhost/' })
  const git = (cwd: string, ...args: string[]) => execFileSync('git', args, { cwd, encoding: 'utf8' })
  const newRepository = () => {
    const cwd = newDirectory()
    git(cwd, 'init', '-q')
    return cwd
  }

  it('create adds the remote, and later commands find the app by it', async ({ platform, run }) => {
    const cwd = newRepository()
    platform.answers = { 'POST /apps': shopAt(platform.url), 'GET /apps/shop/config-vars': { A: '1' } }
    expect((await run('create shop', { cwd })).stdout).toBe(`http://shop.localhost/ | ${platform.url}/shop.git\n`)
    expect(git(cwd, 'remote', 'get-url', 'paas').trim()).toBe(`${platform.url}/shop.git`)
    expect((await run('config:get A', { cwd })).stdout).toBe('1\n')
  })

  it('create leaves a remote alone that leads to another app', async ({ platform, run }) => {
    const cwd = newRepository()
    git(cwd, 'remote', 'add', 'paas', `${platform.url}/other.git`)
    platform.answers = { 'POST /apps': shopAt(platform.url) }
    expect((await run('create shop', { cwd })).stderr).toContain('was left alone')
    expect(git(cwd, 'remote', 'get-url', 'paas').trim()).toBe(`${platform.url}/other.git`)
  })

  it('destroy wants the name, and removes the remote with the app', async ({ platform, run, calls }) => {
    const shop = shopAt(platform.url)
    const cwd = newRepository()
    git(cwd, 'remote', 'add', 'paas', shop.git_url)
    platform.answers = { 'GET /apps/shop': shop, 'DELETE /apps/shop': shop }
    expect((await run('destroy', { cwd })).stderr).toContain('Use --confirm shop')
    expect((await run('destroy --confirm shoop', { cwd })).status).toBe(1)
    expect(calls()).not.toContain('DELETE /apps/shop')
    expect((await run('destroy --confirm shop', { cwd })).status).toBe(0)
    expect(git(cwd, 'remote')).toBe('')
  })
})
