// A usual Express app: what it answers shows which version serves, from which dyno, with which config.
const { readFileSync } = require('node:fs')
const express = require('express')
const ms = require('ms')

const version = readFileSync(`${__dirname}/version.txt`, 'utf8').trim()
const app = express()

app.get('/', (_req, res) => void res.type('text').send(`${version}\n`))
app.get('/env', (_req, res) => void res.json(process.env))
app.get('/pid', (_req, res) => void res.json({ pid: process.pid, dyno: process.env.DYNO, version, up: ms(Math.round(process.uptime() * 1000)) }))
app.all('/echo', (req, res) => {
  res.set('content-type', req.get('content-type') ?? 'application/octet-stream')
  res.set('x-echo-headers', Buffer.from(JSON.stringify(req.headers)).toString('base64'))
  req.pipe(res)
})
app.get('/slow', (req, res) => {
  setTimeout(() => res.type('text').send(`${version} after ${Number(req.query.ms)} ms\n`), Number(req.query.ms) || 0)
})
// ?lines=10&ms=100: one line each so many milliseconds, as server-sent events.
app.get('/stream', (req, res) => {
  const lines = Number(req.query.lines) || 10
  let sent = 0
  res.set({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  res.flushHeaders()
  const timer = setInterval(() => {
    res.write(`data: ${version} ${(sent += 1)}\n\n`)
    if (sent === lines) res.end()
  }, Number(req.query.ms) || 100)
  res.on('close', () => clearInterval(timer))
})
app.use(express.static(`${__dirname}/public`))

const server = app.listen(process.env.PORT, () => console.log(`version ${version} listens on ${process.env.PORT}`))
process.on('SIGTERM', () => {
  console.log('SIGTERM: finishing what is under way')
  server.close(() => process.exit(0))
  server.closeIdleConnections()
})
