/**
 * Elements made of plain values. Text is text: nothing that came from outside is ever read as HTML.
 */

/**
 * @param {string} name
 * @param {Record<string, string | number | boolean | ((event: any) => void) | undefined>} [attributes] those that begin
 *   with `on` are listeners
 * @param {...(Node | string | number)} children
 * @returns {HTMLElement}
 */
export function element (name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children)
}

/**
 * @param {string} name
 * @param {Record<string, string | number | boolean | ((event: any) => void) | undefined>} [attributes]
 * @param {...(Node | string | number)} children
 * @returns {SVGElement}
 */
export function svg (name, attributes = {}, ...children) {
  return filled(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, children)
}

/** @param {string} id @returns {any} */
export const byId = id => document.getElementById(id)

/** 1,234 @param {number} number */
export const shown = number => number.toLocaleString('en-US')

/**
 * @template {HTMLElement | SVGElement} T
 * @param {T} made
 * @param {Record<string, unknown>} attributes
 * @param {(Node | string | number)[]} children
 * @returns {T}
 */
function filled (made, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'function') made.addEventListener(key.slice(2), /** @type {EventListener} */ (value))
    else if (value === true) made.setAttribute(key, '')
    else if (value !== undefined && value !== false) made.setAttribute(key, String(value))
  }
  made.append(...children.map(child => child instanceof Node ? child : String(child)))
  return made
}
