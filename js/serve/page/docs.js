/**
 * Shows the OpenAPI document: every route with what goes in and what comes out.
 */
import { byId, element } from './dom.js'
import { call } from './key.js'

/** @type {any} */
const api = await (await call('/openapi.json')).json()
byId('connection').textContent = `${api.info.title} ${api.info.version}`
byId('routes').replaceChildren(...Object.entries(api.paths).flatMap(([path, methods]) =>
  Object.entries(/** @type {Record<string, any>} */ (methods)).map(([method, route]) => routeOf(method, path, route))))

/**
 * @param {string} method
 * @param {string} path
 * @param {any} route
 */
function routeOf (method, path, { summary, description, parameters = [], requestBody, responses }) {
  const body = requestBody?.content['application/json']
  const example = body?.schema.examples?.[0] ?? body?.example ?? Object.values(body?.examples ?? {})[0]?.value
  return element('details', {},
    element('summary', {}, element('code', { class: 'method' }, method.toUpperCase()), ' ', element('code', {}, path),
      ` ${summary}`),
    ...description ? [element('p', {}, description)] : [],
    ...parameters.length === 0 ? [] : [
      element('h3', {}, 'Parameters'),
      element('dl', {}, ...parameters.flatMap(parameterOf))
    ],
    ...body ? [element('h3', {}, 'Body'), element('pre', {}, written(body.schema))] : [],
    ...example ? [element('h3', {}, 'Example'), element('pre', {}, JSON.stringify(example, null, 2))] : [],
    element('h3', {}, 'Answers'),
    element('dl', {}, ...Object.entries(/** @type {Record<string, any>} */ (responses)).flatMap(([status, answer]) => [
      element('dt', {}, element('code', {}, status), ` ${answer.description}`),
      element('dd', {}, ...Object.entries(/** @type {Record<string, any>} */ (answer.content ?? {}))
        .map(([type, { schema }]) => element('div', {}, element('code', {}, type),
          element('pre', {}, written(schema)))))
    ])))
}

/** @param {any} parameter */
function parameterOf ({ name, in: where, required, schema, description }) {
  return [
    element('dt', {}, element('code', {}, name), ` ${where}${required ? ', required' : ''}`),
    element('dd', {}, [described(schema), description ?? schema.description].filter(Boolean).join('. '))
  ]
}

/**
 * A schema as one would write the value, with what it means beside it.
 * @param {any} schema
 * @param {string} [indent]
 * @returns {string}
 */
function written (schema, indent = '') {
  const known = schema.$ref ? api.components.schemas[schema.$ref.split('/').pop()] : schema
  if (known.type === 'array') return `[ ${written(known.items, indent)} … ]`
  if (known.type !== 'object' || !known.properties) return described(known)
  const inner = `${indent}  `
  const lines = Object.entries(/** @type {Record<string, any>} */ (known.properties)).map(([name, property]) =>
    `${inner}${name}: ${written(property, inner)}${property.description ? `   — ${property.description}` : ''}`)
  return `{\n${lines.join('\n')}\n${indent}}${known.nullable ? ' or null' : ''}`
}

/** @param {any} schema */
function described ({ type, enum: values, anyOf, nullable, additionalProperties, default: usual }) {
  const kind = values ? values.map((/** @type {unknown} */ value) => JSON.stringify(value)).join(' | ')
    : anyOf ? anyOf.map(described).join(' | ') : type === 'object' && additionalProperties ? 'object of your own' : type
  return `${kind ?? 'anything'}${nullable ? ' or null' : ''}${usual === undefined ? '' : ` (${JSON.stringify(usual)})`}`
}
