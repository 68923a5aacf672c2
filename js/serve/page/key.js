/**
 * Calls of the sidecar from its own pages; asks for a key where one is needed, and keeps it as long as the tab is open.
 */
import { byId } from './dom.js'

const NAME = 'bellpush-key'

/**
 * @param {string} path
 * @param {RequestInit} [init]
 * @returns {Promise<Response>} one that is ok
 * @throws {Error} what the sidecar says
 */
export async function call (path, init = {}) {
  for (;;) {
    const key = sessionStorage.getItem(NAME)
    const answer = await fetch(path, { ...init, headers: key === null ? {} : { authorization: `Bearer ${key}` } })
    if (answer.ok) return answer
    const problem = await answer.json().catch(() => ({ detail: `status ${answer.status}` }))
    if (answer.status !== 401) throw new Error(problem.detail)
    await askForKey(key === null ? '' : problem.detail)
  }
}

/** @param {string} problem */
function askForKey (problem) {
  const form = byId('key-form')
  form.hidden = false
  byId('key-problem').textContent = problem
  byId('key').focus()
  return /** @type {Promise<void>} */ (new Promise(resolve => {
    form.addEventListener('submit', (/** @type {Event} */ event) => {
      event.preventDefault()
      sessionStorage.setItem(NAME, byId('key').value.trim())
      byId('key').value = ''
      form.hidden = true
      resolve()
    }, { once: true })
  }))
}
