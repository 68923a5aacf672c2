/**
 * Tokens in a table of a database, the same for every kind of database: every value is bound, every listing goes page
 * by page, every change is one transaction.
 *
 * Not here: how databases differ (their dialects), what the table looks like (layout.js).
 */
import { setImmediate } from 'node:timers/promises'
import { sql } from 'kysely'
import { BellpushError } from '../errors.js'
import { Listing } from './listing.js'
import { SeenTokens } from './seen.js'
import { canonicalOr, spellingsOf } from './spellings.js'
import { chunksOf, countOf, isWholeNumber, readTime } from './values.js'

/** What may stand in the spelling of a token and says nothing. */
const SPACES = [' ', '\t', '\r', '\n']

const LIST_PAGE = 1_000
const KEYS_A_STATEMENT = 1_000
const CLIENTS_A_STATEMENT = 1_000
const INSERTS_A_STATEMENT = 1_000
const REMOVALS_A_STATEMENT = 250

/** @typedef {import('kysely').Kysely<any>} Kysely */
/** @typedef {import('./layout.js').Layout} Layout */

/**
 * A row as it comes from the database: `key` is what to page by and to change it by.
 * @typedef {{ clientId?: unknown, token?: unknown, registeredAt?: unknown, key?: unknown }} Row
 */

/** @implements {Pick<import('./token-store.js').Backend, keyof import('./token-store.js').Backend>} */
export class SqlBackend {
  #database
  #layout
  #undated
  /** Columns with their table's name before them: a name alone might be taken for something else. */
  #column

  /**
   * @param {import('./database.js').Database} database
   * @param {Layout} layout
   * @param {{ undated: 'keep' | 'remove' }} options
   */
  constructor (database, layout, { undated }) {
    this.#database = database
    this.#layout = layout
    this.#undated = undated
    const { table, clientId, token, registeredAt, unique, rowKey } = layout
    this.#column = {
      clientId: `${table}.${clientId.name}`,
      token: `${table}.${token.name}`,
      registeredAt: registeredAt && `${table}.${registeredAt.name}`,
      key: unique || rowKey === null ? `${table}.${token.name}` : `${table}.${rowKey}`
    }
    this.dated = registeredAt !== null
  }

  async removesByTime () {
    if (this.#undated === 'remove') return true
    const { registeredAt, token } = this.#column
    if (registeredAt === null) return false
    const { row, dated } = await this.#database.run(async db => {
      const rows = db.selectFrom(this.#layout.table).select(token).limit(1)
      return {
        row: await rows.executeTakeFirst(),
        dated: await rows.where(registeredAt, 'is not', null).executeTakeFirst()
      }
    })
    return row === undefined || dated !== undefined
  }

  /** @param {import('./token-store.js').Checked[]} page */
  async putPage (page) {
    for (const row of page) this.#refuseDistortion(row)
    const byToken = new Map(page.map(row => [row.token, row]))
    await this.#database.transaction(async db => {
      const known = await this.#find(db, [...byToken.keys()])
      for (const [token, rows] of known) {
        const row = /** @type {typeof page[number]} */ (byToken.get(token))
        const changed = row.keepTime ? rows.filter(({ clientId }) => String(clientId) !== row.clientId) : rows
        for (const some of chunksOf(changed.map(({ key }) => key), KEYS_A_STATEMENT)) {
          await db.updateTable(this.#layout.table).set(this.#values(row)).where(this.#among('key', some)).execute()
        }
      }
      const fresh = page.filter(({ token }) => !known.has(token))
      for (const some of chunksOf(fresh, INSERTS_A_STATEMENT)) {
        await db.insertInto(this.#layout.table)
          .values(some.map(row => ({ [this.#layout.token.name]: row.token, ...this.#values(row) }))).execute()
      }
    })
  }

  /** @param {string[]} [clientIds] */
  list (clientIds) {
    return new Listing(() => this.#texts(clientIds))
  }

  /** @param {string[]} [clientIds] */
  async * #texts (clientIds) {
    const seen = new SeenTokens(this.#database)
    try {
      for await (const rows of this.#pages(clientIds)) {
        const texts = rows.map(this.#text)
        yield await (this.#layout.unique ? this.#oneSpelling(texts, clientIds, seen) : seen.fresh(texts))
      }
    } finally {
      await seen.close()
    }
  }

  /** @param {string[]} [clientIds] */
  async * entries (clientIds) {
    for await (const rows of this.#pages(clientIds, true)) {
      for (const row of rows) {
        yield {
          clientId: row.clientId === null ? null : String(row.clientId),
          token: this.#text(row),
          registeredAt: readTime(row.registeredAt)
        }
      }
    }
  }

  /** @param {import('./token-store.js').DeadToken[]} tokens */
  async remove (tokens) {
    return this.#database.transaction(async db => {
      const removed = []
      for (const chunk of chunksOf(tokens, REMOVALS_A_STATEMENT)) {
        const found = await this.#find(db, chunk.map(({ token }) => token), chunk.flatMap(dead => [...dead.spelled]))
        const dead = chunk.filter(({ token, unlessSince }) => this.#isDead(found.get(token) ?? [], unlessSince))
        const keys = dead.flatMap(({ token }) => /** @type {Row[]} */ (found.get(token)).map(({ key }) => key))
        for (const some of chunksOf(keys, KEYS_A_STATEMENT)) {
          await db.deleteFrom(this.#layout.table).where(this.#among('key', some)).execute()
        }
        removed.push(...dead)
        await setImmediate()
      }
      return removed
    })
  }

  /** @param {string} clientId */
  async removeClient (clientId) {
    const ids = this.#bind([clientId])
    if (ids.length === 0) return 0
    return this.#database.transaction(async db => {
      const { numDeletedRows } = await db.deleteFrom(this.#layout.table)
        .where(this.#among('clientId', ids)).executeTakeFirst()
      return Number(numDeletedRows)
    })
  }

  /** @param {string[]} [clientIds] */
  async count (clientIds) {
    const { table, unique } = this.#layout
    // A token that is in several rows may be in several chunks: then only a listing can tell.
    if (!unique && clientIds && clientIds.length > CLIENTS_A_STATEMENT) return countOf(this.list(clientIds))
    const token = sql.ref(this.#column.token)
    const texts = unique ? sql`count(${token})` : sql`count(distinct ${token})`
    const [space, tab, feed, line] = SPACES
    const isPlain = sql`${token} = lower(${token}) and ${token} not like '<%' and ${token} not like ${`%${space}%`} and
      ${token} not like ${`%${tab}%`} and ${token} not like ${`%${feed}%`} and ${token} not like ${`%${line}%`}`
    const bare = SPACES.reduce((text, each) => sql`replace(${text}, ${each}, '')`, sql`${token}`)
    // A unique column holds a token twice only where one of its texts is not plain, and that is quicker to see.
    const tokens = unique
      ? sql`count(case when ${isPlain} then 1 end)`
      : sql`count(distinct lower(replace(replace(${bare}, '<', ''), '>', '')))`
    let total = 0
    for (const ids of this.#chunks(clientIds)) {
      const found = await this.#database.run(db => {
        const query = db.selectFrom(table).select([texts.as('texts'), tokens.as('tokens')])
        return (ids ? query.where(this.#among('clientId', ids)) : query).executeTakeFirstOrThrow()
      })
      if (Number(found.texts) !== Number(found.tokens)) return countOf(this.list(clientIds))
      total += Number(found.texts)
    }
    return total
  }

  async close () {
    await this.#database.close()
  }

  /**
   * Pages by what comes after the last row of the page before, never by an offset: no page costs more than the first,
   * and rows that come and go meanwhile shift nothing. No statement stays open between two pages.
   * @param {string[] | undefined} clientIds
   * @param {boolean} [whole] whether the client and the time are wanted
   * @returns {AsyncGenerator<Row[]>}
   */
  async * #pages (clientIds, whole = false) {
    const { token, clientId, registeredAt, key } = this.#column
    /** @type {('key' | 'token' | 'clientId')[]} */
    const order = [key === token ? 'token' : 'key']
    // Without a unique token or row key, the client tells rows of one token apart.
    if (whole && key === token && !this.#layout.unique) order.push('clientId')
    const columns = [`${token} as token`]
    if (key !== token) columns.push(`${key} as key`)
    if (whole) columns.push(`${clientId} as clientId`)
    if (whole && registeredAt) columns.push(`${registeredAt} as registeredAt`)
    for (const ids of this.#chunks(clientIds)) {
      /** @type {Row[]} */
      let rows = []
      do {
        const last = rows.at(-1)
        rows = await this.#database.run(db => {
          let query = db.selectFrom(this.#layout.table).select(columns).where(token, 'is not', null)
          if (ids) query = query.where(this.#among('clientId', ids))
          if (last) {
            query = query.where(eb => eb.or(order.map((name, i) => eb.and([
              ...order.slice(0, i).map(before => eb(this.#column[before], '=', last[before])),
              eb(this.#column[name], '>', last[name])
            ]))))
          }
          for (const name of order) query = query.orderBy(this.#column[name])
          return query.limit(LIST_PAGE).execute()
        })
        yield rows
      } while (rows.length === LIST_PAGE)
    }
  }

  /**
   * A column that is unique holds each text once, and still a token in several spellings. The canonical one speaks for
   * all, so that a table in which there is no other needs nothing more.
   * @param {string[]} texts a page
   * @param {string[] | undefined} clientIds of the listing
   * @param {SeenTokens} seen the tokens whose canonical spelling is not in the listing
   */
  async #oneSpelling (texts, clientIds, seen) {
    /** @type {Map<string, string>} */
    const others = new Map()
    for (const text of texts) if (canonicalOr(text) !== text) others.set(text, canonicalOr(text))
    if (others.size === 0) return texts
    const listed = await this.#listed([...others.values()], clientIds)
    const unspoken = [...others].filter(([, token]) => !listed.has(token)).map(([text]) => text)
    const fresh = new Set(await seen.fresh(unspoken))
    return texts.filter(text => !others.has(text) || fresh.has(text))
  }

  /**
   * @param {string[]} texts
   * @param {string[] | undefined} clientIds
   * @returns {Promise<Set<string>>} those of these texts, and perhaps others, that these clients have
   */
  async #listed (texts, clientIds) {
    const { token } = this.#column
    const wanted = texts.filter(text => !this.#isDistorted('token', text))
    const found = new Set()
    if (wanted.length === 0) return found
    for (const ids of this.#chunks(clientIds)) {
      const rows = await this.#database.run(db => {
        const query = db.selectFrom(this.#layout.table).select(`${token} as token`).where(token, 'in', wanted)
        return (ids ? query.where(this.#among('clientId', ids)) : query).execute()
      })
      for (const row of rows) found.add(this.#text(row))
    }
    return found
  }

  /**
   * The rows of some tokens, in any spelling.
   * @param {Kysely} db in a transaction
   * @param {string[]} tokens canonical, or any other text
   * @param {string[]} [others] further texts to look for
   * @returns {Promise<Map<string, Row[]>>} by canonical token, or text
   */
  async #find (db, tokens, others = []) {
    const texts = new Set([...tokens.flatMap(spellingsOf), ...others].filter(text => !this.#isDistorted('token', text)))
    const { token, clientId, registeredAt, key } = this.#column
    const columns = [`${token} as token`, `${clientId} as clientId`, `${key} as key`]
    if (registeredAt) columns.push(`${registeredAt} as registeredAt`)
    /** @type {Map<string, Row[]>} */
    const found = new Map()
    for (const some of chunksOf([...texts], this.#database.dialect.variables)) {
      const query = db.selectFrom(this.#layout.table).select(columns).where(token, 'in', some)
      for (const row of await (this.#database.dialect.locksRows ? query.forUpdate() : query).execute()) {
        const canonical = canonicalOr(this.#text(row))
        const rows = found.get(canonical)
        if (rows) rows.push(row)
        else found.set(canonical, [row])
      }
    }
    return found
  }

  /**
   * A token that was registered after its death lives, and then no row of it goes.
   * @param {Row[]} rows
   * @param {number | undefined} unlessSince
   */
  #isDead (rows, unlessSince) {
    return rows.length > 0 && (unlessSince === undefined || rows.every(row => {
      const time = readTime(row.registeredAt)
      return time === null ? this.#undated === 'remove' : time <= unlessSince
    }))
  }

  /** @param {{ clientId: string, at: number }} row */
  #values ({ clientId, at }) {
    const { clientId: { name }, registeredAt } = this.#layout
    // As an integer: a driver may bind a number as floating point.
    return { [name]: this.#bind([clientId])[0], ...registeredAt && { [registeredAt.name]: BigInt(at) } }
  }

  /**
   * @param {string[] | undefined} clientIds
   * @returns {Generator<(string | bigint)[] | undefined>}
   */
  * #chunks (clientIds) {
    if (clientIds === undefined) return yield undefined
    for (const chunk of chunksOf(clientIds, CLIENTS_A_STATEMENT)) {
      const ids = this.#bind(chunk)
      if (ids.length > 0) yield ids
    }
  }

  /**
   * The values under which clients are in the table.
   * @param {string[]} clientIds
   * @returns {(string | bigint)[]}
   */
  #bind (clientIds) {
    // A number column would take '1e3' for the client 1000.
    const ids = clientIds.filter(id => !this.#isDistorted('clientId', id))
    const { kind } = this.#layout.clientId
    if (kind === 'text') return ids
    // As an integer: a text would be compared as floating point, which cannot tell large numbers apart.
    if (kind === 'numeric') return ids.map(id => isWholeNumber(id) ? BigInt(id) : id)
    return ids.flatMap(id => isWholeNumber(id) ? [id, BigInt(id)] : [id])
  }

  /**
   * @param {'clientId' | 'key'} name
   * @param {unknown[]} values
   * @returns {import('kysely').Expression<any>}
   */
  #among (name, values) {
    const { clientId, token } = this.#layout
    const column = sql.ref(this.#column[name])
    const kind = name === 'clientId' ? clientId.kind : this.#column.key === this.#column.token ? token.kind : 'numeric'
    const { amongTexts } = this.#database.dialect
    return amongTexts && kind === 'text' ? amongTexts(column, values) : sql`${column} in (${sql.join(values)})`
  }

  /** @param {{ clientId: string, token: string }} row */
  #refuseDistortion (row) {
    for (const name of /** @type {const} */ (['clientId', 'token'])) {
      if (!this.#isDistorted(name, row[name])) continue
      const what = name === 'token' ? 'token' : 'client id'
      throw new BellpushError('BELLPUSH_STORE_SCHEMA', `The column ${this.#column[name]} in ${this.#database.label} ` +
        `holds numbers and would make another ${what} of ${row[name].slice(0, 8)}…; declare it as text.`)
    }
  }

  /**
   * Whether the column would take this text for a number, and the number is not written like that.
   * @param {'clientId' | 'token'} name
   * @param {string} text
   */
  #isDistorted (name, text) {
    return this.#layout[name].kind === 'numeric' && this.#database.dialect.distorts(text, this.#layout[name])
  }

  /** @param {Row} row */
  #text = ({ token }) => {
    if (typeof token === 'string') return token
    if (typeof token === 'bigint' || typeof token === 'number') return String(token)
    throw new BellpushError('BELLPUSH_STORE_SCHEMA', `The column ${this.#column.token} in ` +
      `${this.#database.label} holds bytes, and text is wanted.`)
  }
}
