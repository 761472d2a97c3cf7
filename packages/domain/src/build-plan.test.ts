import { describe, expect, it } from 'vitest'
import { type BuildpackFacts, chooseBuildpacks, explainChoice, planCompile } from './build-plan.ts'

const nothing = { app: [], appJson: [], dotBuildpacks: undefined }
const choose = (files: string[], wishes = {}) => chooseBuildpacks({ ...nothing, ...wishes }, new Set(files))

describe('chooseBuildpacks', () => {
  it.each([
    {
      title: 'nodejs for package.json',
      files: ['package.json', 'index.html', 'Dockerfile'],
      got: { names: ['nodejs'], from: 'detected' },
    },
    { title: 'nodejs before python', files: ['requirements.txt', 'package.json'], got: { names: ['nodejs'] } },
    { title: 'python for each of its managers', files: ['uv.lock'], got: { names: ['python'] } },
    { title: 'static for a page', files: ['public/index.html'], got: { names: ['static'] } },
    { title: 'the Dockerfile when nothing else matches', files: ['Dockerfile', 'main.go'], got: { kind: 'dockerfile' } },
    {
      title: 'what the app says before what files say',
      files: ['package.json'],
      wishes: { app: ['heroku/python'] },
      got: { names: ['python'], from: 'app' },
    },
    {
      title: 'app.json before .buildpacks',
      files: [],
      wishes: { appJson: ['static'], dotBuildpacks: 'python' },
      got: { names: ['static'] },
    },
    {
      title: '.buildpacks line by line',
      files: [],
      wishes: { dotBuildpacks: '# two\nnodejs\r\npython\n' },
      got: { names: ['nodejs', 'python'] },
    },
    {
      title: 'the Dockerfile when chosen',
      files: ['package.json', 'Dockerfile'],
      wishes: { app: ['docker'] },
      got: { kind: 'dockerfile', from: 'app' },
    },
  ])('takes $title', ({ files, wishes, got }) => {
    expect(choose(files, wishes)).toMatchObject(got)
  })

  it.each([
    'nodejs',
    'heroku/nodejs',
    'paas/nodejs',
    'https://github.com/heroku/heroku-buildpack-nodejs',
    'https://x.y/a/heroku-buildpack-nodejs.git#v3',
    'Node.js',
  ])('knows %s', (wish) => {
    expect(choose([], { app: [wish] })).toMatchObject({ names: ['nodejs'] })
  })

  it.each([
    { title: 'a tree nobody knows, saying what there is', files: ['main.c'], wishes: {}, says: 'No buildpack recognises' },
    { title: 'a buildpack nobody has', files: [], wishes: { app: ['heroku/cobol'] }, says: 'heroku/cobol' },
    { title: 'a Dockerfile among buildpacks', files: [], wishes: { app: ['nodejs', 'dockerfile'] }, says: 'cannot be combined' },
  ])('refuses $title', ({ files, wishes, says }) => {
    expect(() => choose(files, wishes)).toThrow(
      expect.objectContaining({ code: 'no_language', message: expect.stringContaining(says) }),
    )
  })

  it('tells how to choose otherwise', () => {
    expect(explainChoice(choose(['package.json']))).toContain('buildpacks:set')
  })
})

const node: BuildpackFacts = {
  name: 'nodejs',
  depsPaths: ['node_modules'],
  keyFiles: ['package.json', 'package-lock.json'],
  lockfiles: ['package-lock.json', 'yarn.lock'],
  scripts: ['build', 'postinstall'],
  hooks: ['bin/pre_compile'],
}

describe('planCompile', () => {
  const tree = (files: string[], scripts = {}) => ({
    files: new Set(files),
    packageJson: { scripts },
    configVars: new Set<string>(),
  })
  it.each([
    {
      title: 'an app without build scripts is its source',
      buildpacks: [node],
      tree: tree(['package-lock.json'], { start: 'node .' }),
      got: 'source',
    },
    { title: 'a build script runs', buildpacks: [node], tree: tree(['yarn.lock'], { build: 'tsc' }), got: '"build" script' },
    {
      title: 'an install script runs',
      buildpacks: [node],
      tree: tree(['yarn.lock'], { postinstall: 'x' }),
      got: '"postinstall" script',
    },
    {
      title: 'without a lockfile nothing is the same twice',
      buildpacks: [node],
      tree: tree(['package.json']),
      got: 'no lockfile',
    },
    { title: 'a hook runs', buildpacks: [node], tree: tree(['yarn.lock', 'bin/pre_compile']), got: 'bin/pre_compile' },
    {
      title: 'committed dependencies are left to the buildpack',
      buildpacks: [node],
      tree: tree(['yarn.lock', 'node_modules/a/x']),
      got: 'node_modules is in',
    },
    { title: 'several buildpacks run', buildpacks: [node, node], tree: tree(['yarn.lock']), got: 'several buildpacks' },
    {
      title: 'a buildpack that declares nothing runs',
      buildpacks: [{ ...node, depsPaths: [] }],
      tree: tree(['yarn.lock']),
      got: 'prepares every',
    },
  ])('$title', ({ buildpacks, tree, got }) => {
    const plan = planCompile(buildpacks, tree)
    expect(plan.kind === 'source' ? 'source' : plan.why).toContain(got)
  })
})
