const { createServer } = require('node:http')
createServer((_req, res) => res.end(`${process.env.HEROKU_RELEASE_VERSION ?? 'no version'}\n`)).listen(process.env.PORT)
process.on('SIGTERM', () => process.exit(0))
