// GET /fork starts processes that start processes, until the pids limit stops them; FORK=boot does so from the start.
const { spawn } = require('node:child_process')
const { createServer } = require('node:http')
const BOMB = "const { spawn } = require('node:child_process'); setInterval(() => { for (let i = 0; i < 10; i++) spawn(process.execPath, ['-e', process.env.BOMB], { stdio: 'ignore' }).on('error', () => {}) }, 50)"
let failures = 0

function fork() {
  for (let i = 0; i < 10; i += 1) {
    spawn(process.execPath, ['-e', BOMB], { stdio: 'ignore', env: { ...process.env, BOMB } }).on('error', (error) => {
      failures += 1
      if (failures % 100 === 1) console.log(`fork: ${error.code}, ${failures} times`)
    })
  }
}
createServer((req, res) => {
  if (req.url === '/fork') setInterval(fork, 100)
  res.end(`${failures}\n`)
}).listen(process.env.PORT)
if (process.env.FORK === 'boot') setInterval(fork, 100)
