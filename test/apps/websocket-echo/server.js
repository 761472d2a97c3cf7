// Echoes every WebSocket message, text or binary; `bye` closes with 1000. On SIGTERM it closes all with 1001 (going away).
const { createServer } = require('node:http')
const { WebSocketServer } = require('ws')

const server = createServer((_req, res) => res.end('connect by WebSocket\n'))
const sockets = new WebSocketServer({ server })
sockets.on('connection', (socket, req) => {
  socket.send(JSON.stringify({ hello: process.env.DYNO ?? 'dyno', path: req.url, pid: process.pid }))
  socket.on('message', (message, binary) => {
    if (!binary && String(message) === 'bye') socket.close(1000, 'bye')
    else socket.send(message, { binary })
  })
  socket.on('error', () => {})
})
server.listen(process.env.PORT)
process.on('SIGTERM', () => {
  for (const socket of sockets.clients) socket.close(1001, 'going away')
  server.close(() => process.exit(0))
})
