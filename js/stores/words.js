/**
 * What messages call the options of a database's store: here as they are given in code. Whoever lets people give them
 * in another way, as the command line does, has words of his own.
 */

/**
 * @typedef {object} Words
 * @property {string} table
 * @property {string} clientId
 * @property {string} token
 * @property {string} registeredAt
 * @property {string} create what makes a missing file and table
 * @property {string} undated how to say that there is no column of times
 */

/** @type {Readonly<Words>} */
export const words = Object.freeze({
  table: 'table',
  clientId: 'columns.clientId',
  token: 'columns.token',
  registeredAt: 'columns.registeredAt',
  create: 'create: true does that',
  undated: 'columns: { registeredAt: null }'
})
