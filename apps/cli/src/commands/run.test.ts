import { randomBytes } from 'node:crypto'
import { describe, expect } from 'vitest'
import { it } from '../cli.fixture.ts'
import { FrameType } from '../frames.ts'
import { makeCertificate, startFakeRendezvous } from '../rendezvous.fixture.ts'

const dynoAt = (attach_url: string) => ({ name: 'run.1234', attach_url })

describe('run', () => {
  it('forwards stdin and stdout byte by byte, stderr apart, and ends with the status of the command', async ({
    platform,
    run,
  }) => {
    const sent = randomBytes(300_000)
    const received: Buffer[] = []
    const { attachUrl, caFile, hellos } = await startFakeRendezvous((frame, dyno) => {
      if (frame.type === FrameType.data) received.push(frame.payload)
      if (frame.type !== FrameType.eof) return
      dyno.print(Buffer.concat(received))
      dyno.printError('done\n')
      dyno.exit(7)
    })
    platform.answers['POST /apps/shop/dynos'] = dynoAt(attachUrl)
    const env = { PAAS_CA_FILE: caFile }
    const { status, stderr } = await run('run -a shop -e A=1 cat -', { env, stdin: sent })
    expect(status).toBe(7)
    expect(stderr).toBe('Running cat - on shop... up, run.1234\ndone\n')
    expect(Buffer.concat(received).equals(sent)).toBe(true)
    expect(hellos).toEqual(['the-secret paas/1\r\n'])
    expect(platform.asked[0]!.body).toEqual({ attach: true, command: 'cat -', env: { A: '1' }, force_no_tty: true })
  })

  it('fails when the connection is lost before the command has ended', async ({ platform, run }) => {
    const { attachUrl } = await startFakeRendezvous(
      () => {},
      (dyno) => {
        dyno.print('half')
        dyno.socket.end()
      },
    )
    platform.answers['POST /apps/shop/dynos'] = dynoAt(attachUrl)
    const { status, stdout, stderr } = await run('run -a shop x')
    expect({ status, stdout }).toEqual({ status: 1, stdout: 'half' })
    expect(stderr).toContain('The connection to run.1234 was lost before it exited.')
  })

  it('refuses a certificate of another authority', async ({ platform, run }) => {
    const { attachUrl } = await startFakeRendezvous(
      () => {},
      (dyno) => dyno.exit(0),
    )
    platform.answers['POST /apps/shop/dynos'] = dynoAt(attachUrl)
    const env = { PAAS_CA_FILE: makeCertificate().caFile }
    const { status, stderr } = await run('run -a shop x', { env })
    expect(status).toBe(1)
    expect(stderr).toContain('certificate of an authority this machine does not know')
  })

  it('detached says which dyno it is', async ({ platform, run }) => {
    platform.answers['POST /apps/shop/dynos'] = { name: 'run.5' }
    const { status, stderr } = await run('run:detached -a shop nightly --all')
    expect(status).toBe(0)
    expect(stderr).toContain('Running nightly --all on shop... done, run.5\n')
    expect(platform.asked[0]!.body).toMatchObject({ attach: false, command: 'nightly --all' })
  })
})
