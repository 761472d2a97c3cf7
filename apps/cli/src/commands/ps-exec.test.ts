import { describe, expect } from 'vitest'
import { it } from '../cli.fixture.ts'
import { FrameType } from '../frames.ts'
import { refuse } from '../platform.fixture.ts'
import { startFakeRendezvous } from '../rendezvous.fixture.ts'

const inDyno = (name: string, attach_url: string) => ({ id: 'exec-1', dyno: { name }, attach_url })

describe('ps:exec', () => {
  it('is a shell in web.1, gets our input to its end, and ends with its status', async ({ platform, run }) => {
    const { attachUrl } = await startFakeRendezvous((frame, dyno) => {
      if (frame.type === FrameType.data) dyno.print(frame.payload)
      if (frame.type === FrameType.eof) dyno.exit(5)
    })
    platform.answers['POST /apps/shop/dynos/web.1/actions/exec'] = inDyno('web.1', attachUrl)
    const { status, stdout, stderr } = await run('ps:exec -a shop', { stdin: 'ls\n' })
    expect({ status, stdout }).toEqual({ status: 5, stdout: 'ls\n' })
    expect(stderr).toBe('Connecting to web.1 on shop... done\n')
    expect(platform.asked[0]!.body).toEqual({ env: {}, force_no_tty: true })
  })

  it.for([
    ['ps:exec -a shop -- ls -l', 'web.1', 'ls -l'],
    ['ps:exec -a shop ls -l', 'web.1', 'ls -l'],
    ['ps:exec --dyno web.2 -a shop -- grep -r x --include=*.js', 'web.2', 'grep -r x --include=*.js'],
  ] as const)('%s', async ([line, dyno, command], { platform, run }) => {
    const { attachUrl } = await startFakeRendezvous(
      () => {},
      (fake) => fake.exit(0),
    )
    platform.answers[`POST /apps/shop/dynos/${dyno}/actions/exec`] = inDyno(dyno, attachUrl)
    expect((await run(line)).status).toBe(0)
    expect(platform.asked[0]!.body).toMatchObject({ command })
  })

  it('says why it ended when that was not its own doing', async ({ platform, run }) => {
    const { attachUrl } = await startFakeRendezvous(
      () => {},
      (dyno) => dyno.exit(137, 'web.1 was restarted.'),
    )
    platform.answers['POST /apps/shop/dynos/web.1/actions/exec'] = inDyno('web.1', attachUrl)
    const { status, stderr } = await run('ps:exec -a shop')
    expect(status).toBe(137)
    expect(stderr).toBe('Connecting to web.1 on shop... done\n !     web.1 was restarted.\n')
  })

  it('shows why the platform refuses', async ({ platform, run }) => {
    platform.answers['POST /apps/shop/dynos/web.7/actions/exec'] = (_asked, response) =>
      refuse(response, 404, 'not_found', 'shop has no dyno web.7.', 'Up are: web.1, web.2')
    const { status, stderr } = await run('ps:exec -a shop -d web.7')
    expect(status).toBe(1)
    expect(stderr).toBe('Connecting to web.7 on shop... failed\n !     shop has no dyno web.7.\n !     Up are: web.1, web.2\n')
  })
})
