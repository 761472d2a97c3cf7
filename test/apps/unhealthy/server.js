// Listens, but answers 500 on the health path that app.json names; HEALTHY=yes makes it well, HEALTH_HANG=yes leaves the question open.
const { createServer } = require('node:http')
const { HEALTHY, HEALTH_HANG, PORT } = process.env
createServer((req, res) => {
  if (req.url !== '/health') return void res.end('serving\n')
  if (HEALTH_HANG === 'yes') return
  res.statusCode = HEALTHY === 'yes' ? 200 : 500
  res.end(HEALTHY === 'yes' ? 'well\n' : 'not well\n')
}).listen(PORT)
