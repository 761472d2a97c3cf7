require('node:http').createServer((_req, res) => res.end('never built\n')).listen(process.env.PORT)
