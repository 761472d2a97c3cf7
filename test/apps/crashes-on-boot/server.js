// Exits before it listens, after CRASH_MS (default at once), with CRASH_EXIT (default 1). CRASH=no lets it serve.
const { createServer } = require('node:http')
const { CRASH, CRASH_MS = '0', CRASH_EXIT = '1', PORT } = process.env
if (CRASH === 'no') {
  createServer((_req, res) => res.end('serving\n')).listen(PORT)
} else {
  setTimeout(() => {
    console.error('Error: cannot reach the database')
    process.exit(Number(CRASH_EXIT))
  }, Number(CRASH_MS))
}
