// Tells what a dyno can reach. Used to prove that it is nothing it should not.
//   GET /connect?to=10.0.0.1:5432,db:6379   TCP: open, refused or timeout, and the first bytes read
//   GET /resolve?names=other-app,host.docker.internal
//   GET /read?paths=/var/run/docker.sock,/proc/1/environ   what can be opened, and its first bytes
//   GET /self    user, groups, capabilities, seccomp, mounts, routes, environment names
const { readFileSync, readdirSync, statSync } = require('node:fs')
const { createServer } = require('node:http')
const { connect } = require('node:net')
const { lookup, resolve4 } = require('node:dns/promises')
const { networkInterfaces } = require('node:os')

const CONNECT_MS = 2_000
const SHOWN_BYTES = 200

function tryConnect(target) {
  const started = Date.now()
  const [, host, port] = /^(?:\[?([^\]]*)\]?):(\d+)$/.exec(target) ?? []
  return new Promise((done) => {
    let opened = false
    let bytes = ''
    const socket = target.startsWith('/') ? connect(target) : connect(Number(port), host)
    const end = (result) => {
      clearTimeout(timer)
      socket.destroy()
      done({ target, result, bytes: bytes.slice(0, SHOWN_BYTES), ms: Date.now() - started })
    }
    const timer = setTimeout(() => end(opened ? 'open' : 'timeout'), CONNECT_MS)
    socket.on('connect', () => {
      opened = true
      socket.write('GET / HTTP/1.0\r\n\r\n')
    })
    socket.on('data', (chunk) => {
      bytes += chunk.toString('latin1')
      end('open')
    })
    socket.on('close', () => end(opened ? 'open' : 'refused'))
    socket.on('error', (error) => end(opened ? 'open' : error.code))
  })
}

function tryRead(path) {
  try {
    const stat = statSync(path)
    if (stat.isDirectory()) return { path, result: 'folder', names: readdirSync(path).slice(0, 100) }
    if (stat.isSocket()) return { path, result: 'socket' }
    return { path, result: 'read', bytes: readFileSync(path).toString('latin1').slice(0, SHOWN_BYTES) }
  } catch (error) {
    return { path, result: error.code }
  }
}

function self() {
  const status = readFileSync('/proc/self/status', 'utf8')
  const pick = (name) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1]
  const named = ['Uid', 'Gid', 'Groups', 'CapEff', 'CapPrm', 'CapBnd', 'NoNewPrivs', 'Seccomp'].map((name) => [name, pick(name)])
  return {
    ...Object.fromEntries(named),
    mounts: readFileSync('/proc/self/mounts', 'utf8').trim().split('\n'),
    routes: readFileSync('/proc/net/route', 'utf8').trim().split('\n'),
    interfaces: networkInterfaces(),
    environment: Object.keys(process.env).sort(),
    processes: readdirSync('/proc').filter((name) => /^\d+$/.test(name)).length,
  }
}

const list = (text) => (text ?? '').split(',').filter(Boolean)
const answers = {
  '/connect': (query) => Promise.all(list(query.get('to')).map(tryConnect)),
  '/resolve': (query) =>
    Promise.all(list(query.get('names')).map((name) => lookup(name, { all: true }).catch(() => resolve4(name)).then(
      (addresses) => ({ name, addresses }),
      (error) => ({ name, result: error.code }),
    ))),
  '/read': (query) => list(query.get('paths')).map(tryRead),
  '/self': self,
}

createServer(async (req, res) => {
  const url = new URL(req.url, 'http://app')
  const answer = answers[url.pathname] ?? (() => ({ paths: Object.keys(answers) }))
  try {
    res.setHeader('content-type', 'application/json')
    res.end(JSON.stringify(await answer(url.searchParams)))
  } catch (error) {
    res.statusCode = 500
    res.end(JSON.stringify({ error: String(error) }))
  }
}).listen(process.env.PORT)
process.on('SIGTERM', () => process.exit(0))
