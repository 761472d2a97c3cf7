// `paas run` on a real terminal, which `script` of util-linux provides.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { newDirectory } from '../cli.fixture.ts'
import { FrameType } from '../frames.ts'
import { startFakePlatform } from '../platform.fixture.ts'
import { startFakeRendezvous } from '../rendezvous.fixture.ts'

const bin = fileURLToPath(new URL('../../../../bin/paas', import.meta.url))

it('puts the terminal into raw mode, sends its size and Ctrl-C, and restores it', async () => {
  const resized: string[] = []
  const { attachUrl, caFile } = await startFakeRendezvous(
    (frame, dyno) => {
      if (frame.type === FrameType.resize) resized.push(frame.payload.toString())
      if (frame.type !== FrameType.data) return
      dyno.print(`got ${frame.payload.toString('hex')}\r\n`)
      dyno.exit(3)
    },
    (dyno) => dyno.print('prompt> '),
  )
  const platform = await startFakePlatform({ 'POST /apps/shop/dynos': { name: 'run.1', attach_url: attachUrl } })
  const line = `stty rows 40 cols 100; ${bin} run -a shop bash; echo "status $?"; stty -a`
  const env = {
    PATH: process.env['PATH'],
    HOME: newDirectory(),
    TERM: 'xterm',
    SHELL: '/bin/sh',
    PAAS_URL: platform.url,
    PAAS_TOKEN: 'token',
    PAAS_CA_FILE: caFile,
  }
  const terminal = spawn('script', ['--quiet', '--command', line, '/dev/null'], { env, stdio: ['pipe', 'pipe', 'inherit'] })
  let shown = ''
  let typed = false
  for await (const chunk of terminal.stdout) {
    shown += chunk
    if (typed || !shown.includes('prompt> ')) continue
    typed = true
    terminal.stdin.write('\x03')
  }
  expect(shown).toContain('got 03')
  expect(shown).toContain('status 3')
  expect(shown).toMatch(/ icanon .* echo /s)
  expect(resized).toEqual(['{"cols":100,"rows":40}'])
  expect(platform.asked[0]!.body).toMatchObject({ attach: true, env: { TERM: 'xterm', COLUMNS: 100, LINES: 40 } })
})
