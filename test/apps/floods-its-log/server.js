// Prints numbered lines: FLOOD_PER_SECOND (default 1000; 0: as fast as stdout takes them) up to FLOOD_TOTAL
// (default endless), each padded to FLOOD_BYTES (default 100). The numbers show what a reader missed.
const { createServer } = require('node:http')
const perSecond = Number(process.env.FLOOD_PER_SECOND ?? 1000)
const total = Number(process.env.FLOOD_TOTAL) || Number.POSITIVE_INFINITY
const bytes = Number(process.env.FLOOD_BYTES) || 100
const TICK_MS = 20
let printed = 0
let owed = 0

function line() {
  printed += 1
  return `${`flood ${printed} `.padEnd(bytes - 1, '.')}\n`
}
function flood() {
  owed = perSecond === 0 ? 1000 : owed + (perSecond * TICK_MS) / 1000
  const batch = []
  while (owed >= 1 && printed < total) {
    batch.push(line())
    owed -= 1
  }
  const room = batch.length === 0 || process.stdout.write(batch.join(''))
  if (printed >= total) return console.log(`flood ends at ${printed}`)
  if (!room) process.stdout.once('drain', flood)
  else if (perSecond === 0) setImmediate(flood)
  else setTimeout(flood, TICK_MS)
}

createServer((_req, res) => res.end(`${printed}\n`)).listen(process.env.PORT, flood)
process.on('SIGTERM', () => process.exit(0))
