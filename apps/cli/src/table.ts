// Every command: its name, the line that help shows, and the module it is in.
// Help of everything, suggestions and dispatch need only this table, so that
// `paas help` loads none of the modules and a command only its own.
import type { Command } from './command.ts'

export interface Topic {
  title: string
  load(): Promise<{ commands: Record<string, Command> }>
  /** Name to summary. */
  commands: Record<string, string>
}

export const topics: readonly Topic[] = [
  {
    title: 'Account',
    load: () => import('./commands/account.ts'),
    commands: {
      login: 'log in to a platform',
      logout: 'log out, and end the token',
      whoami: 'show who is logged in, and where',
      'auth:token': 'print the token, for other programs',
    },
  },
  {
    title: 'Apps',
    load: () => import('./commands/apps.ts'),
    commands: {
      apps: 'list your apps',
      create: 'create an app, and a git remote for it',
      info: 'show an app',
      open: 'open an app in the browser',
      rename: 'give an app a new name',
      destroy: 'remove an app and everything that belongs to it',
    },
  },
  {
    title: 'Config vars',
    load: () => import('./commands/config.ts'),
    commands: {
      config: "list an app's config vars",
      'config:get': 'print one config var',
      'config:set': 'set config vars, and release',
      'config:unset': 'remove config vars, and release',
    },
  },
  {
    title: 'Dynos',
    load: () => import('./commands/ps.ts'),
    commands: {
      ps: 'list dynos',
      'ps:scale': 'show or change how many dynos run',
      'ps:restart': 'restart dynos',
      'ps:stop': 'stop dynos',
      'ps:wait': 'wait until all dynos are up on the newest release',
      'ps:exec': 'open a shell in a running dyno, or run a command there',
      'ps:place': 'show or change where dynos of a process type may run',
      'ps:explain': 'show why a dyno is where it is, or why it waits',
    },
  },
  {
    title: 'One-off dynos',
    load: () => import('./commands/run.ts'),
    commands: {
      run: 'run a command in a new dyno, attached to this terminal',
      'run:detached': 'run a command in a new dyno; its output goes to the log',
    },
  },
  { title: 'Logs', load: () => import('./commands/logs.ts'), commands: { logs: "show an app's log" } },
  {
    title: 'Releases',
    load: () => import('./commands/releases.ts'),
    commands: {
      releases: 'list releases',
      'releases:info': 'show a release',
      rollback: 'go back to an earlier release, code and config vars',
    },
  },
  {
    title: 'Builds',
    load: () => import('./commands/builds.ts'),
    commands: {
      builds: 'list builds',
      'builds:info': 'show a build',
      'builds:cancel': 'stop a build',
    },
  },
  {
    title: 'Buildpacks',
    load: () => import('./commands/buildpacks.ts'),
    commands: {
      buildpacks: "list an app's buildpacks",
      'buildpacks:set': 'build with this buildpack',
      'buildpacks:add': 'build with one more buildpack',
      'buildpacks:remove': 'build without a buildpack',
      'buildpacks:clear': 'go back to detecting the language',
    },
  },
  {
    title: 'Domains',
    load: () => import('./commands/domains.ts'),
    commands: {
      domains: 'list the names an app answers to',
      'domains:add': 'add a name',
      'domains:remove': 'remove a name',
    },
  },
  {
    title: 'Hosts (for admins)',
    load: () => import('./commands/hosts.ts'),
    commands: {
      hosts: 'list the machines that dynos run on',
      'hosts:info': 'show a host',
      'hosts:add': 'add a machine',
      'hosts:credentials': 'replace certificate and key for an engine of another authority',
      'hosts:label': 'set or remove labels of a host',
      'hosts:cordon': 'place nothing new on a host',
      'hosts:uncordon': 'use a host again',
      'hosts:drain': 'move all dynos off a host',
      'hosts:remove': 'take a host away',
      'hosts:rebalance': 'spread dynos evenly over hosts again',
      'hosts:doctor': 'show what is wrong with hosts, and what to do',
    },
  },
  {
    title: 'Maintenance',
    load: () => import('./commands/maintenance.ts'),
    commands: {
      maintenance: 'show whether maintenance mode is on',
      'maintenance:on': 'answer visitors with a maintenance page',
      'maintenance:off': 'serve visitors again',
    },
  },
  {
    title: 'Git',
    load: () => import('./commands/git.ts'),
    commands: {
      'git:remote': 'add a git remote for an app to this repository',
      'git:credentials': 'answer git, which asks for a password (git calls this)',
    },
  },
  {
    title: 'This program',
    load: () => import('./commands/about.ts'),
    commands: {
      help: 'show all commands, or one',
      version: 'show the version',
      completion: 'print a completion script for bash, zsh or fish',
    },
  },
]

/** Other names, mostly those that Heroku's CLI also knows. */
export const aliases: Record<string, string> = {
  '--help': 'help',
  '-h': 'help',
  '--version': 'version',
  '-v': 'version',
  'apps:create': 'create',
  'apps:destroy': 'destroy',
  'apps:info': 'info',
  'apps:open': 'open',
  'apps:rename': 'rename',
  'auth:login': 'login',
  'auth:logout': 'logout',
  'auth:whoami': 'whoami',
  'dyno:restart': 'ps:restart',
  'dyno:scale': 'ps:scale',
  'dyno:stop': 'ps:stop',
  'releases:rollback': 'rollback',
  restart: 'ps:restart',
  scale: 'ps:scale',
  stop: 'ps:stop',
}

export const commandNames: readonly string[] = topics.flatMap(({ commands }) => Object.keys(commands))

/** The command of that name or alias, loaded; undefined when there is none. */
export async function findCommand(typed: string): Promise<{ name: string; summary: string; command: Command } | undefined> {
  const name = Object.hasOwn(aliases, typed) ? aliases[typed]! : typed
  const topic = topics.find(({ commands }) => Object.hasOwn(commands, name))
  if (!topic) return undefined
  const command = (await topic.load()).commands[name]
  return command && { name, summary: topic.commands[name]!, command }
}
