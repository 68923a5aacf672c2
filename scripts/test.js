/**
 * `npm test`: installs what is missing, and runs every check and every test there is, in two lines beside each other.
 * `npm test -- rust js` runs those groups only, `npm test -- clippy` one step, each after the other.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bindgenFolder } from './lib/bindgen.js'
import { buildCore, rustFlags } from './lib/core.js'
import { needPackages } from './lib/debian.js'
import { keepDependencies, restoreDependencies } from './lib/dependencies.js'
import { Failure, messageOf } from './lib/failure.js'
import { projectFiles, root } from './lib/files.js'
import { fuzzBriefly, fuzzCrate, replaySeeds } from './lib/fuzz.js'
import { installOldClients } from './lib/old-clients.js'
import { installPackages } from './lib/packages.js'
import { readRecord } from './lib/record.js'
import { run, say } from './lib/run.js'
import { installSchemathesis } from './lib/schemathesis.js'
import { choose, runAll, Skipped, summarize } from './lib/steps.js'
import { cargo, cargoForWasm, findToolchain, linter } from './lib/toolchain.js'

/** A file of JavaScript tests that takes longer hangs, milliseconds. */
const testTimeout = 300_000

/**
 * Tests in a folder of their own, and so a step of their own, because they need more than Node.
 * @typedef {object} Apart
 * @property {string} folder of tests/
 * @property {string[]} [packages] Debian's, without which the step is skipped
 * @property {() => void} [prepare] installs more; what cannot be had, the tests skip one by one
 * @property {string} [purpose] what they are for, in a few words
 * @property {number} [timeout] of a file, milliseconds
 * @property {string} [note] said when it has passed
 */

/** @typedef {import('./lib/steps.js').Result} Result */

/** @type {Apart[]} */
const apart = [
  { folder: 'databases', packages: ['mariadb-server', 'postgresql'], purpose: 'database servers' },
  {
    folder: 'interop',
    packages: ['nghttp2-server', 'nginx', 'h2o', 'apache2-bin', 'haproxy'],
    purpose: 'web servers'
  },
  // Captures of real runs, as tcpdump records them and tshark reads them.
  { folder: 'recorded', packages: ['tcpdump', 'tshark'], purpose: 'tools to record and read traffic' },
  {
    folder: 'browser',
    // The font is for Chinese.
    packages: ['chromium', 'firefox-esr', 'fonts-wqy-microhei'],
    purpose: 'browsers',
    timeout: 900_000,
    note: 'screenshots to look at are in target/screenshots'
  },
  // With this machine's PHP and with the oldest and the newest one.
  { folder: 'php', packages: ['php-cli', 'php-curl', 'php-mysql', 'phpunit', 'mariadb-server'], purpose: 'PHP' },
  // The sidecar's OpenAPI document against what it answers.
  { folder: 'schemathesis', prepare: installSchemathesis },
  // The legacy gateway against clients of its time.
  { folder: 'legacy', prepare: installOldClients },
  { folder: 'packaging' },
  // Large pushes through faults, kills and leaves: long, and so beside the others.
  { folder: 'chance' }
]

/** @type {import('./lib/toolchain.js').Toolchain | undefined} */
let found
/** @type {unknown} */
let failure

/** Looked for when the first step asks for it; if there is none, each that asks is told so. */
function rust () {
  if (failure) throw failure
  try {
    if (found) return found
    found = findToolchain()
    restoreDependencies(found)
    return found
  } catch (error) {
    failure = error
    throw error
  }
}

/** Installs what is missing. */
function prepareRust () {
  try {
    for (const name of /** @type {const} */ (['clippy', 'fmt'])) linter(rust(), name)
  } catch {
    // The steps that need it will say why it cannot be had.
  }
}

const steps = [
  { group: 'always', name: 'install', run: installPackages },
  { group: 'rust', name: 'rustfmt', run: format },
  { group: 'rust', name: 'clippy', run: lint },
  { group: 'rust', name: 'rust-tests', run: () => cargo(rust(), ['test', '--locked']) },
  { group: 'rust', name: 'fuzz-seeds', run: () => replaySeeds(rust()) },
  { group: 'rust', name: 'fuzz', run: fuzzBriefly },
  {
    group: 'wasm',
    name: 'clippy-wasm',
    run: () => cargoForWasm(rust(), ['clippy', '--locked', '--lib', '--tests', '--', '-D', 'warnings'],
      rustFlags(), linterCommand('clippy'))
  },
  { group: 'wasm', name: 'wasm-tests', run: testInWasm },
  { group: 'js', name: 'pkg-check', run: () => run(process.execPath, ['scripts/check-pkg.js']) },
  { group: 'wasm', name: 'pkg-rebuild', run: rebuild },
  { group: 'js', name: 'eslint', run: () => nodeTool('eslint', 'bin/eslint.js', '.') },
  { group: 'js', name: 'tsc', run: () => nodeTool('typescript', 'bin/tsc', '-p', 'tsconfig.json') },
  { group: 'js', name: 'js-tests', run: () => nodeTests(path => !apart.some(({ folder }) => isIn(folder, path))) },
  ...apart.map(tests => ({ group: 'js', name: tests.folder, run: () => testApart(tests) }))
]

/**
 * @param {string} folder of tests/
 * @param {string} path
 */
function isIn (folder, path) {
  return path.startsWith(`tests/${folder}/`)
}

/** @param {Apart} tests */
function testApart ({ folder, packages = [], prepare, purpose = '', timeout, note }) {
  if (packages.length > 0) needPackages(packages, `${purpose} for the tests`)
  prepare?.()
  nodeTests(path => isIn(folder, path), timeout)
  if (note !== undefined) say(note)
}

function format () {
  for (const crate of [[], fuzzCrate]) cargo(rust(), ['fmt', '--check', ...crate], linterCommand('fmt'))
}

/** The fuzz targets themselves need libFuzzer, and so a C++ compiler: they are a line each, and not looked at. */
function lint () {
  for (const crate of [[], ['--no-default-features', ...fuzzCrate]]) {
    cargo(rust(), ['clippy', '--locked', '--all-targets', ...crate, '--', '-D', 'warnings'], linterCommand('clippy'))
  }
}

/** @param {'clippy' | 'fmt'} name */
function linterCommand (name) {
  const tool = linter(rust(), name)
  if ('missing' in tool) throw new Skipped(`${name} is not on this machine: ${tool.missing}`)
  return tool.command
}

/** The same tests as on this machine itself, compiled to WebAssembly and run in Node. */
function testInWasm () {
  expectNone(projectFiles('src', 'tests').filter(path => path.endsWith('.rs') && !testsRunInWasm(path))
    .map(path => `${path} has tests that WebAssembly would leave out; see CONTRIBUTING.md, "Rust tests"`))
  const runner = join(bindgenFolder(rust()), 'wasm-bindgen-test-runner')
  cargoForWasm(rust(), ['test', '--locked', '--lib', '--tests'], {
    ...rustFlags(),
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER: runner
  })
}

/**
 * A bare `#[test]` compiles for WebAssembly too, but is never run there.
 * @param {string} path of a Rust file
 */
function testsRunInWasm (path) {
  const text = readFileSync(join(root, path), 'utf8')
  return !text.includes('#[test]') || text.includes('wasm_bindgen_test as test') ||
    text.includes('cfg(not(target_arch = "wasm32"))')
}

/** That the sources build, and that what comes out is what `pkg/` holds. */
function rebuild () {
  const folder = join(root, 'target/pkg-rebuilt')
  buildCore(rust(), folder)
  const rebuilt = readRecord(folder)
  const recorded = readRecord(join(root, 'pkg'))
  if (!rebuilt || !recorded) throw new Failure('pkg/build.json is missing: npm run build')
  if (rebuilt.tools.rustc !== recorded.tools.rustc) {
    say(`it builds. Not compared: pkg/ was built by ${recorded.tools.rustc}, this is ${rebuilt.tools.rustc}`)
    return
  }
  expectNone(Object.keys(rebuilt.artefacts)
    .filter(name => rebuilt.artefacts[name] !== recorded.artefacts[name])
    .map(name => `pkg/${name} is not what these sources and tools give: npm run build`))
  say('the same tools give the same bytes again')
}

/** @param {string[]} complaints */
function expectNone (complaints) {
  if (complaints.length > 0) throw new Failure(complaints.join('\n'))
}

/**
 * A command of a package in node_modules.
 * @param {string} name
 * @param {string} script
 * @param {string[]} args
 */
function nodeTool (name, script, ...args) {
  run(process.execPath, [`node_modules/${name}/${script}`, ...args])
}

/**
 * @param {(path: string) => boolean} wanted of the paths under tests/
 * @param {number} [timeout] of a file, milliseconds
 */
function nodeTests (wanted, timeout = testTimeout) {
  const files = projectFiles('tests').filter(path => path.endsWith('.test.js') && wanted(path))
  if (files.length === 0) throw new Failure('there are no such tests')
  const concurrency = availableParallelism()
  run(process.execPath, [
    '--test', '--test-reporter=spec', `--test-timeout=${timeout}`, `--test-concurrency=${concurrency}`, ...files
  ])
}

/**
 * Steps and groups of steps that run beside the others, one after the other, about as long as they do. None of them
 * installs packages of Debian's, which only one at a time can do.
 */
const besides = ['rust', 'wasm', 'eslint', 'tsc', 'schemathesis', 'packaging', 'chance']

/**
 * Everything. What runs besides is a process of its own, and says what it has to say at the end.
 * @returns {Promise<Result[]>}
 */
async function runEverything () {
  const [first, ...others] = steps.filter(({ group, name }) => !besides.includes(group) && !besides.includes(name))
  const results = runAll([first])
  if (results[0].outcome === 'FAILED') return results
  // What is missing of Rust is installed before anything else is: a package manager lets in one at a time.
  prepareRust()
  // Nothing is compiled twice here, so what would make that quicker only takes time.
  process.env.CARGO_INCREMENTAL ??= '0'
  const folder = mkdtempSync(join(tmpdir(), 'bellpush-test-'))
  const log = join(folder, 'log')
  const output = openSync(log, 'w')
  try {
    say(`beside the others run ${besides.join(', ')}; their output comes at the end`)
    const child = fork(fileURLToPath(import.meta.url), besides, { stdio: ['ignore', output, output, 'ipc'] })
    /** @type {Result[]} */
    let theirs = [{ name: 'besides', outcome: 'FAILED', why: 'it ended without a result', seconds: 0 }]
    child.on('message', results => { theirs = /** @type {Result[]} */ (results).slice(1) })
    const ended = once(child, 'exit')
    results.push(...runAll(others))
    await ended
    results.push(...theirs)
    if (found && results.every(({ outcome }) => outcome !== 'FAILED')) keepDependencies(found)
    return results
  } finally {
    closeSync(output)
    process.stdout.write(readFileSync(log))
    rmSync(folder, { recursive: true })
  }
}

try {
  const start = performance.now()
  const chosen = process.argv.slice(2)
  const results = chosen.length === 0 ? await runEverything() : runAll(choose(steps, chosen))
  if (process.send) process.send(results)
  else process.exitCode = summarize(results, (performance.now() - start) / 1000) ? 0 : 1
} catch (error) {
  console.error(messageOf(error))
  process.exitCode = 2
}
