// Serves, and stays when it is told to stop: R12 and SIGKILL after 30 s.
const { createServer } = require('node:http')
createServer((_req, res) => res.end(`${process.pid}\n`)).listen(process.env.PORT)
process.on('SIGTERM', () => console.log('SIGTERM: no'))
