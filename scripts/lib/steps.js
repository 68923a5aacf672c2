/**
 * Named steps, run one after the other: one that fails does not keep the next from running, and a table at the end
 * says what became of each.
 */
import { Failure, messageOf } from './failure.js'

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {string} group what it can be chosen by, like its name; the others need those of the group `always`
 * @property {() => void} run throws if the step failed, {@link Skipped} if it could not be done
 */

/** Thrown by a step that cannot be done here; the message says why. */
export class Skipped extends Failure {}

/**
 * @param {Step[]} steps
 * @param {string[]} chosen names or groups; none means all
 * @returns {Step[]}
 * @throws {Failure} naming what can be chosen
 */
export function choose (steps, chosen) {
  const unknown = chosen.filter(word => !steps.some(step => step.name === word || step.group === word))
  if (unknown.length > 0) {
    const groups = [...new Set(steps.map(step => step.group))].filter(group => group !== 'always')
    const names = steps.map(step => step.name)
    throw new Failure(`There is no step or group "${unknown.join('", "')}".
Groups: ${groups.join(', ')}
Steps: ${names.join(', ')}`)
  }
  if (chosen.length === 0) return steps
  return steps.filter(step => step.group === 'always' || chosen.includes(step.name) || chosen.includes(step.group))
}

/**
 * @typedef {object} Result
 * @property {string} name
 * @property {'ok' | 'SKIPPED' | 'FAILED'} outcome
 * @property {string} why
 * @property {number} seconds
 */

/**
 * @param {Step[]} steps
 * @returns {Result[]}
 */
export function runAll (steps) {
  return steps.map(runOne)
}

/**
 * @param {Result[]} results
 * @param {number} seconds that all of it took
 * @returns {boolean} whether none failed
 */
export function summarize (results, seconds) {
  const width = Math.max(...results.map(result => result.name.length))
  console.log('\n=== summary')
  for (const { name, outcome, seconds, why } of results) {
    console.log(`${name.padEnd(width)}  ${outcome.padEnd(7)} ${seconds.toFixed(1).padStart(6)} s  ${why}`.trimEnd())
  }
  const failed = results.filter(result => result.outcome === 'FAILED').length
  const skipped = results.filter(result => result.outcome === 'SKIPPED').length
  console.log(`${results.length - failed - skipped} steps passed, ${failed} failed, ${skipped} skipped ` +
    `in ${seconds.toFixed(0)} s`)
  return failed === 0
}

/**
 * @param {Step} step
 * @returns {Result}
 */
function runOne ({ name, run }) {
  console.log(`\n=== ${name}`)
  const start = performance.now()
  /** @type {Result['outcome']} */
  let outcome = 'ok'
  let why = ''
  try {
    run()
  } catch (error) {
    outcome = error instanceof Skipped ? 'SKIPPED' : 'FAILED'
    why = messageOf(error).split('\n')[0]
    console.log(`${outcome}: ${messageOf(error)}`)
  }
  return { name, outcome, why, seconds: (performance.now() - start) / 1000 }
}
