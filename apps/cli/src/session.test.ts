import { statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect, it } from 'vitest'
import { newDirectory } from './cli.fixture.ts'
import { parseUrl, readSession, removeSession, sessionFile, writeSession } from './session.ts'

const newHome = () => ({ XDG_CONFIG_HOME: newDirectory() })
const stored = { url: 'https://paas.example.com', email: 'ada@example.com', token: 'stored', caFile: '/ca.pem' }

it('keeps the login where only its owner can read it', () => {
  const env = newHome()
  writeSession(env, stored)
  expect(statSync(sessionFile(env)).mode & 0o777).toBe(0o600)
  expect(statSync(dirname(sessionFile(env))).mode & 0o777).toBe(0o700)
  expect(readSession(env)).toEqual(stored)
  removeSession(env)
  expect(readSession(env)).toEqual({ url: 'http://localhost' })
})

it('sends a stored token to no other platform', () => {
  const env = newHome()
  writeSession(env, stored)
  expect(readSession({ ...env, PAAS_URL: 'https://other.example.com' })).toEqual({ url: 'https://other.example.com' })
})

it('lets the environment go before the file', () => {
  const env = newHome()
  writeSession(env, stored)
  expect(readSession({ ...env, PAAS_TOKEN: 'mine', PAAS_CA_FILE: '/other.pem' })).toEqual({
    url: stored.url,
    token: 'mine',
    caFile: '/other.pem',
  })
})

it('says what to do about a damaged file', () => {
  const env = newHome()
  writeSession(env, stored)
  writeFileSync(sessionFile(env), '{')
  expect(() => readSession(env)).toThrow('is damaged')
})

it.each([
  ['https://paas.example.com/', 'https://paas.example.com'],
  ['paas.example.com', 'https://paas.example.com'],
  ['localhost', 'http://localhost'],
  ['localhost:5000', 'http://localhost:5000'],
  ['HTTP://LOCALHOST:80', 'http://localhost'],
])('%s is the platform at %s', (typed, url) => {
  expect(parseUrl(typed)).toBe(url)
})

it.each(['https://paas.example.com/apps', 'https://user:secret@paas.example.com', 'not a url', ''])('refuses %s', (typed) => {
  expect(() => parseUrl(typed)).toThrow('is not the URL of a platform')
})
