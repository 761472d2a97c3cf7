import { expect, it } from 'vitest'
import { stateOf, type Task } from './swarm-tasks.ts'

const task = (State: string): Task => ({ ServiceID: 'service', CreatedAt: '', Status: { State } })

it.each([
  { title: 'a service that Swarm has not looked at', of: undefined, container: undefined, got: 'created' },
  { title: 'a task on its way to a node', of: task('preparing'), container: undefined, got: 'created' },
  { title: 'a task that no node takes', of: task('pending'), container: undefined, got: 'created' },
  { title: 'a task that a node refused', of: task('rejected'), container: undefined, got: 'exited' },
  { title: 'a container that Swarm does not know to run', of: task('starting'), container: { State: 'running' }, got: 'running' },
  {
    title: 'a container that Swarm does not know to have ended',
    of: task('running'),
    container: { State: 'exited' },
    got: 'exited',
  },
])('$title is $got', ({ of, container, got }) => {
  expect(stateOf(of, container)).toBe(got)
})
