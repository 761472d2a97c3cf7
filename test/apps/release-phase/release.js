// The release phase: what it does is steered by config vars, so that one app shows every outcome.
//   RELEASE_EXIT  code it ends with (default 0)     RELEASE_MS  how long it takes     RELEASE_HANG  set: it never ends
const { RELEASE_EXIT = '0', RELEASE_MS = '0', RELEASE_HANG, HEROKU_RELEASE_VERSION } = process.env
console.log(`migrating for ${HEROKU_RELEASE_VERSION ?? 'a release'} on ${process.env.DYNO}`)
if (RELEASE_HANG) {
  setInterval(() => console.log('still migrating'), 10_000)
} else {
  setTimeout(() => {
    console.log(RELEASE_EXIT === '0' ? 'migrated' : `migration failed with ${RELEASE_EXIT}`)
    process.exit(Number(RELEASE_EXIT))
  }, Number(RELEASE_MS))
}
