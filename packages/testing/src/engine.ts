// Which engine the tests run on: this machine's own, unless the environment
// names another, as test/swarm does.

/** `unix:///var/run/docker.sock` unless DOCKER_HOST says otherwise. */
export function dockerHost(): string {
  return process.env['DOCKER_HOST'] || 'unix:///var/run/docker.sock'
}

/** PAAS_ENGINE. */
export function engineKind(): 'docker' | 'swarm' {
  return process.env['PAAS_ENGINE'] === 'swarm' ? 'swarm' : 'docker'
}
