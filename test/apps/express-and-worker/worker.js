// Logs a numbered line every WORKER_MS (default 5 s), so that a tail shows whether any is missing.
let tick = 0
setInterval(() => console.log(`worker ${process.env.DYNO ?? ''} tick ${(tick += 1)}`), Number(process.env.WORKER_MS) || 5000)
process.on('SIGTERM', () => {
  console.log('SIGTERM: worker stops')
  process.exit(0)
})
