/**
 * `npm test`: installs what is missing, and runs every check and every test there is. `npm test -- rust js` runs those
 * groups only, `npm test -- clippy` one step.
 */
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { bindgenFolder } from './lib/bindgen.js'
import { buildCore, rustFlags } from './lib/core.js'
import { needPackages } from './lib/debian.js'
import { Failure, messageOf } from './lib/failure.js'
import { projectFiles, root } from './lib/files.js'
import { fuzzBriefly, fuzzCrate, replaySeeds } from './lib/fuzz.js'
import { installOldClients } from './lib/old-clients.js'
import { installPackages } from './lib/packages.js'
import { readRecord } from './lib/record.js'
import { run, say } from './lib/run.js'
import { choose, runAll, Skipped } from './lib/steps.js'
import { cargo, cargoForWasm, findToolchain, linter } from './lib/toolchain.js'

/** A file of JavaScript tests that takes longer hangs, milliseconds. */
const testTimeout = 300_000

/** @type {import('./lib/toolchain.js').Toolchain | undefined} */
let found
/** @type {unknown} */
let failure

/** Looked for when the first step asks for it; if there is none, each that asks is told so. */
function rust () {
  if (failure) throw failure
  try {
    found ??= findToolchain()
    return found
  } catch (error) {
    failure = error
    throw error
  }
}

/** Tests with a step of their own, which need more than npm brings. */
const apart = /^tests\/(packaging|databases|php|legacy)\//

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
  { group: 'js', name: 'js-tests', run: () => nodeTests(path => !apart.test(path)) },
  { group: 'js', name: 'databases', run: testDatabases },
  { group: 'js', name: 'legacy', run: testOldClients },
  { group: 'php', name: 'php', run: testPhp },
  { group: 'package', name: 'packaging', run: () => nodeTests(path => path.startsWith('tests/packaging/')) }
]

/** The stores against database servers of their own, where these are there or can be installed. */
function testDatabases () {
  needPackages(['mariadb-server', 'postgresql'], 'database servers for the tests')
  nodeTests(path => path.startsWith('tests/databases/'))
}

/** The legacy gateway against clients of its time; one that cannot be installed is skipped, and the step says so. */
function testOldClients () {
  installOldClients()
  nodeTests(path => path.startsWith('tests/legacy/'))
}

/** The PHP client and the CodeIgniter site, with this machine's PHP and with the oldest and the newest one. */
function testPhp () {
  const packages = ['php-cli', 'php-curl', 'php-mysql', 'phpunit', 'mariadb-server']
  needPackages(packages, 'PHP for the tests')
  nodeTests(path => path.startsWith('tests/php/'))
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

/** @param {(path: string) => boolean} wanted of the paths under tests/ */
function nodeTests (wanted) {
  const files = projectFiles('tests').filter(path => path.endsWith('.test.js') && wanted(path))
  if (files.length === 0) throw new Failure('there are no such tests')
  const concurrency = availableParallelism()
  run(process.execPath, [
    '--test', '--test-reporter=spec', `--test-timeout=${testTimeout}`, `--test-concurrency=${concurrency}`, ...files
  ])
}

try {
  process.exitCode = runAll(choose(steps, process.argv.slice(2))) ? 0 : 1
} catch (error) {
  console.error(messageOf(error))
  process.exitCode = 2
}
