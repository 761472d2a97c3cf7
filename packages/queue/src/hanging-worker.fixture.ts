// A worker that takes a job and never finishes it, for a test to kill.
import { createLog } from '@paas/service/log'
import { openQueues } from './queue.ts'

const [, , redisUrl = '', prefix = ''] = process.argv
const queues = openQueues({ redisUrl, prefix, log: createLog('fixture', 'silent') })
await queues.work('builds', 1, async () => {
  process.stdout.write('taken\n')
  await new Promise(() => {})
})
