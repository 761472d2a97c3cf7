// Runs, and never listens on $PORT: R10 after 60 s.
console.log('started, listening on nothing')
setInterval(() => {}, 60_000)
