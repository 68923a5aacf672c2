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
 * @param {Step[]} steps
 * @returns {boolean} whether none failed
 */
export function runAll (steps) {
  const results = steps.map(runOne)
  const width = Math.max(...results.map(result => result.name.length))
  const total = results.reduce((sum, result) => sum + result.seconds, 0)
  console.log('\n=== summary')
  for (const { name, outcome, seconds, why } of results) {
    console.log(`${name.padEnd(width)}  ${outcome.padEnd(7)} ${seconds.toFixed(1).padStart(6)} s  ${why}`.trimEnd())
  }
  const failed = results.filter(result => result.outcome === 'FAILED').length
  const skipped = results.filter(result => result.outcome === 'SKIPPED').length
  console.log(`${results.length - failed - skipped} steps passed, ${failed} failed, ${skipped} skipped ` +
    `in ${total.toFixed(0)} s`)
  return failed === 0
}

/**
 * @param {Step} step
 */
function runOne ({ name, run }) {
  console.log(`\n=== ${name}`)
  const start = performance.now()
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
