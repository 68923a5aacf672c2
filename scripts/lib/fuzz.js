/**
 * The fuzz targets of `fuzz/`: replayed from their seeds by any Rust, and run for a moment where cargo-fuzz can be. The
 * long run is started by hand; CONTRIBUTING.md says how.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Failure } from './failure.js'
import { root } from './files.js'
import { capture, run, say } from './run.js'
import { Skipped } from './steps.js'
import { cargo } from './toolchain.js'

/** What makes cargo work on the crate of the fuzz targets, without libFuzzer. */
export const fuzzCrate = ['--manifest-path', 'fuzz/Cargo.toml']

/** Each target runs for so long, seconds. */
const secondsEach = 2

/** What names the lines of a stack trace takes as long to make as a third of the rest; a panic names its own. */
const env = { CARGO_PROFILE_RELEASE_DEBUG: 'false' }

/** @param {import('./toolchain.js').Toolchain} toolchain */
export function replaySeeds (toolchain) {
  cargo(toolchain, ['test', '--locked', '--no-default-features', '--test', 'seeds', ...fuzzCrate])
}

/** Runs every target, beginning with its seeds; what it finds on the way is not kept. */
export function fuzzBriefly () {
  if (!capture('cargo', ['+nightly', 'fuzz', '--version']).ok) {
    throw new Skipped('cargo-fuzz is not on this machine: with rustup and a C++ compiler, ' +
      'rustup toolchain install nightly && cargo install cargo-fuzz')
  }
  // The core has no unsafe code of its own, so the sanitizer would only slow it down.
  const sanitizer = ['--sanitizer', 'none']
  run('cargo', ['+nightly', 'fuzz', 'build', ...sanitizer], { env })
  for (const file of readdirSync(join(root, 'fuzz/fuzz_targets'))) {
    const target = file.replace('.rs', '')
    say(`${target}: ${runOne(target, sanitizer)} executions in ${secondsEach} s`)
  }
}

/**
 * @param {string} target
 * @param {string[]} flags
 * @returns {string} how many executions there were
 * @throws {Failure} with all that libFuzzer had to say
 */
function runOne (target, flags) {
  const grown = mkdtempSync(join(tmpdir(), 'bellpush-fuzz-'))
  try {
    const { ok, stderr } = capture('cargo', [
      '+nightly', 'fuzz', 'run', ...flags, target, grown, `fuzz/seeds/${target}`, '--',
      `-max_total_time=${secondsEach}`, '-verbosity=0', '-print_final_stats=1'
    ], { env })
    if (!ok) throw new Failure(`${target} panics\n${stderr}`)
    return /number_of_executed_units: (\d+)/.exec(stderr)?.[1] ?? 'no'
  } finally {
    rmSync(grown, { recursive: true, force: true })
  }
}
