/**
 * The package as its users get it: packed, installed into an empty folder, and used there by the oldest kind of script
 * and the newest kind of Node. The network is the npm registry's.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { after, describe, test } from 'node:test'
import { root } from '../../scripts/lib/files.js'
import { artefacts, modules, wasmFile } from '../../scripts/lib/recipe.js'
import { newestNodeFolder } from '../../scripts/lib/newest-node.js'

/** Each WebAssembly module may take this much, bytes, and this long to load, milliseconds. */
const limits = { bytes: 150_000, load: 50 }

/** Without what npm tells the scripts it runs: that is about this project, and not for an npm in another folder. */
const plainEnv = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')))

const project = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const folder = mkdtempSync(join(tmpdir(), 'bellpush-packaging-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const [tarball] = JSON.parse(npm(root, 'pack', '--json', '--foreground-scripts=false', '--pack-destination', folder))
/** @type {string[]} paths in the tarball */
const packed = tarball.files.map((/** @type {{ path: string }} */ file) => file.path)
cpSync(join(root, 'tests/packaging/consumer'), folder, { recursive: true })
writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true }))
npm(folder, 'install', '--no-audit', '--no-fund', `./${tarball.filename}`,
  `@types/node@${project.devDependencies['@types/node']}`)

describe('the tarball', () => {
  test('holds the modules, the WebAssembly and the declarations', () => {
    const entries = Object.values(project.exports)
      .flatMap(entry => typeof entry === 'string' ? [entry] : Object.values(entry))
      .map(path => path.slice('./'.length))
    const wanted = [...entries, ...Object.values(project.bin),
      ...artefacts.map(name => `pkg/${name}`), 'demo/index.html', 'README.md', 'LICENSE']
    assert.deepEqual(wanted.filter(path => !packed.includes(path)), [], 'missing')
  })

  test('holds nothing else', () => {
    const allowed = [
      /^js\/.*\.js$/, /^types\/.*\.d\.ts$/, /^pkg\/[^/]+$/, /^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/,
      /^demo\/[\w/.-]+\.(html|css|js|svg|pcap)$/,
      /^js\/serve\/page\/[\w-]+\.(html|css)$/,
      /^(docs\/[\w-]+\.md|packaging\/(Dockerfile|bellpush\.(service|toml)))$/,
      /^php\/((src|codeigniter3)\/.*\.php|autoload\.php|composer\.json|README\.md)$/
    ]
    assert.deepEqual(packed.filter(path => !allowed.some(form => form.test(path))), [])
  })

  for (const name of modules) {
    test(`holds a WebAssembly module ${name} of at most ${limits.bytes} bytes`, t => {
      const { size } = statSync(join(folder, 'node_modules/bellpush/pkg', wasmFile(name)))
      t.diagnostic(`the WebAssembly module ${name} has ${size} bytes`)
      assert.ok(size <= limits.bytes, `${size} bytes`)
    })
  }
})

test('its declarations serve a strict TypeScript program', () => {
  ran(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.json'])
})

for (const [name, bin] of [['this Node', dirname(process.execPath)], ['the newest Node', newestNodeFolder()]]) {
  const node = join(bin, 'node')
  const env = { ...plainEnv, PATH: `${bin}${delimiter}${process.env.PATH}` }

  describe(`on ${name}`, () => {
    const expected = { node: ran(node, ['--version']), accepted: 2, rejected: 1, left: 2, decode: 'function' }

    test('a module imports it, and rings', () => {
      rmSync(join(folder, 'doorbell.db'), { force: true })
      assert.deepEqual(JSON.parse(ran(node, ['ring.mjs'])), expected)
    })

    test('a script requires it, and rings', () => {
      assert.deepEqual(JSON.parse(ran(node, ['ring.cjs'])), expected)
    })

    test('npx bellpush --help answers', () => {
      assert.match(ran('npx', ['bellpush', '--help'], env), /^Usage: bellpush/m)
    })

    for (const module of modules) {
      test(`its WebAssembly module ${module} loads in at most ${limits.load} ms`, t => {
        // The best of some fresh processes says what the module costs; the others, what else the machine was doing.
        const best = Math.min(...Array.from({ length: 5 }, () => Number(ran(node, ['load.mjs', module]))))
        t.diagnostic(`on ${name} it loads in ${best.toFixed(1)} ms`)
        assert.ok(best <= limits.load, `${best} ms`)
      })
    }
  })
}

/**
 * @param {string} cwd
 * @param {string[]} args
 */
function npm (cwd, ...args) {
  return ran('npm', args, plainEnv, cwd)
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @param {string} [cwd]
 * @returns {string} what it wrote to standard output
 */
function ran (command, args, env = plainEnv, cwd = folder) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, env, encoding: 'utf8' })
  assert.equal(status, 0, `${command} ${args.join(' ')}: ${error?.message ?? ''}\n${stdout}\n${stderr}`)
  return stdout.trim()
}
