// GET /eat?mb=100 takes and keeps that much; EAT_MB_PER_SECOND does so by itself from the start.
const { createServer } = require('node:http')
const MIB = 1024 * 1024
const held = []
const eat = (mebibytes) => held.push(Buffer.alloc(mebibytes * MIB, 1)) // filled, so that the pages are really there
createServer((req, res) => {
  const url = new URL(req.url, 'http://app')
  if (url.pathname === '/eat') eat(Number(url.searchParams.get('mb')) || 100)
  res.end(`${Math.round(process.memoryUsage().rss / MIB)} MB\n`)
}).listen(process.env.PORT)
const perSecond = Number(process.env.EAT_MB_PER_SECOND)
if (perSecond > 0) setInterval(() => eat(perSecond), 1000)
