import { describe, expect, it } from 'vitest'
import { setupScript } from './host-ssh.ts'
import { createReader, parseTarget, type SetupEvent, sshArguments } from './ssh.ts'

describe('a machine to prepare', () => {
  it.each([
    ['root@192.0.2.7', { user: 'root', address: '192.0.2.7', port: undefined }],
    ['h2.example.com', { user: 'root', address: 'h2.example.com', port: undefined }],
    ['admin@h2:2222', { user: 'admin', address: 'h2', port: 2222 }],
  ])('%s', (text, target) => {
    expect(parseTarget(text)).toEqual(target)
  })

  it.each([
    '',
    '-oProxyCommand=x',
    'root@-x',
    'root@a b',
    'root@h2;id',
    'root@h2:0',
    'root@h2:70000',
    '@h2',
    'root@::1',
    'root@$(id)',
  ])('%j is none', (text) => {
    expect(() => parseTarget(text)).toThrow('is not USER@ADDR')
  })

  it('is reached without a question, and with nothing of it read as a flag', () => {
    const args = sshArguments(parseTarget('root@h2:2222'))
    expect(args).toEqual(expect.arrayContaining(['BatchMode=yes', 'ConnectTimeout=10']))
    expect(args.slice(-7)).toEqual(['-p', '2222', '-l', 'root', '--', 'h2', 'bash -s'])
  })
})

it('what a machine reports becomes events, and what else it prints none', () => {
  const events: SetupEvent[] = []
  const read = createReader((event) => events.push(event))
  const lines = [
    'noise',
    '@step Making its key',
    '@done it stays',
    '@csr',
    'AAAA',
    'BBBB',
    '@end',
    '@fail no disk',
    '@hint free some',
  ]
  for (const line of lines) read(line)
  expect(events).toEqual([
    { kind: 'step', text: 'Making its key' },
    { kind: 'done', text: 'it stays' },
    { kind: 'csr', text: 'AAAA\nBBBB\n' },
    { kind: 'fail', text: 'no disk', hint: undefined },
    { kind: 'fail', text: 'no disk', hint: 'free some' },
  ])
})

describe('the script', () => {
  const pem = '-----BEGIN CERTIFICATE-----\nAAAA+/=\n-----END CERTIFICATE-----\n'

  it('begins with its settings', () => {
    expect(setupScript({ phase: 'install', ca: pem + pem }).startsWith(`phase='install'\nca='${pem}${pem}'\n`)).toBe(true)
  })

  it.each([`${pem}'; id; '`, "x'y", pem.replace('AAAA', "'$(id)'"), ''])(
    'takes no setting that could end a quotation: %j',
    (value) => {
      expect(() => setupScript({ ca: value })).toThrow('that is not PEM')
    },
  )
})
