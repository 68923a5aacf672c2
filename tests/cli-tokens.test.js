/** `bellpush tokens`: adding, removing, listing, importing and counting in real SQLite files. */

import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { openTokenStore } from '../js/stores/index.js'
import { folder } from './helpers/certificates.js'
import { bellpush } from './helpers/command.js'
import { query, sqliteFile } from './helpers/sqlite.js'

const db = ['--db', 'sqlite:doorbell.db']

/**
 * A folder with a database, and the command in it.
 * @param {import('node:test').TestContext} t
 * @param {Record<string, string>} [registered] tokens, and whose they are
 */
async function house (t, registered = {}) {
  const cwd = await folder(t)
  const store = await openTokenStore(`sqlite:${join(cwd, 'doorbell.db')}`, { create: true })
  await store.putMany(Object.entries(registered).map(([token, clientId]) => ({ clientId, token })))
  await store.close()
  return {
    cwd,
    /** @param {string[]} args @param {string} [input] */
    tokens: (args, input) => bellpush(t, ['tokens', ...args], { cwd, input }),
    /** Each token of the database and whose it is, as text. @param {string} [file] */
    listed: (file = 'doorbell.db') => query(join(cwd, file),
      "select client_id || ' ' || token as text from device_tokens order by token").map(({ text }) => text)
  }
}

describe('add', () => {
  test('makes the database and stores tokens in their canonical form', async t => {
    const { tokens, listed } = await house(t)
    const { code, stdout, stderr } = await tokens(['add', ...db, 'alice', '<0A1B2C3D 4E5F6071>', 'bb'])
    assert.deepEqual([code, stdout, stderr], [0, '2 tokens registered for client alice\n', ''])
    assert.deepEqual(listed(), ['alice 0a1b2c3d4e5f6071', 'alice bb'])
  })

  test('moves the token of another client', async t => {
    const { tokens, listed } = await house(t, { aa: 'alice' })
    await tokens(['add', ...db, 'bob', 'aa'])
    assert.deepEqual(listed(), ['bob aa'])
  })

  test('registers none where one is malformed, and names it', async t => {
    const { tokens, listed } = await house(t, { aa: 'alice' })
    const { code, stderr } = await tokens(['add', ...db, 'bob', 'bb', 'xyz'])
    assert.equal(code, 2)
    assert.equal(stderr, "error: token 2 of 2: the device token is not hexadecimal: found 'x' at character 1; " +
      'nothing was registered\n')
    assert.deepEqual(listed(), ['alice aa'])
  })
})

describe('remove', () => {
  test('removes tokens in any spelling, and tells which were not there', async t => {
    const { tokens, listed } = await house(t, { aabb: 'alice', cc: 'alice' })
    const { code, stdout } = await tokens(['remove', ...db, 'AABB', 'dd'])
    assert.deepEqual({ code, stdout }, { code: 0, stdout: '1 token removed\nnot there: dd\n' })
    assert.deepEqual(listed(), ['alice cc'])
  })

  test('removes all of a client', async t => {
    const { tokens, listed } = await house(t, { aa: 'alice', bb: 'bob', cc: 'alice' })
    assert.equal((await tokens(['remove', ...db, '--client', 'alice'])).stdout, '2 tokens of client alice removed\n')
    assert.deepEqual(listed(), ['bob bb'])
  })

  test('removes nothing if nothing or two things are named', async t => {
    const { tokens, listed } = await house(t, { aa: 'alice' })
    for (const args of [[], ['aa', '--client', 'alice']]) {
      const { code, stderr } = await tokens(['remove', ...db, ...args])
      assert.equal(code, 2)
      assert.match(stderr, /either tokens or --client/)
    }
    assert.deepEqual(listed(), ['alice aa'])
  })
})

describe('list and count', () => {
  test('everybody, or some clients', async t => {
    const { tokens } = await house(t, { aa: 'alice', bb: 'bob', cc: 'carol' })
    assert.equal((await tokens(['list', ...db])).stdout, 'alice\taa\nbob\tbb\ncarol\tcc\n')
    assert.equal((await tokens(['list', ...db, '--client', 'alice', 'carol'])).stdout, 'alice\taa\ncarol\tcc\n')
    assert.equal((await tokens(['count', ...db])).stdout, '3\n')
    assert.equal((await tokens(['count', ...db, '--client', 'bob', 'nobody'])).stdout, '1\n')
  })

  test('--json', async t => {
    const { tokens } = await house(t, { aa: 'alice' })
    const entry = JSON.parse((await tokens(['list', ...db, '--json'])).stdout)
    assert.deepEqual(Object.keys(entry), ['clientId', 'token', 'registeredAt'])
    assert.equal(entry.token, 'aa')
    assert.ok(Math.abs(Date.parse(entry.registeredAt) - Date.now()) < 3_600_000)
    assert.deepEqual(JSON.parse((await tokens(['count', ...db, '--json'])).stdout), { count: 1 })
    const removed = (await tokens(['remove', ...db, '--json', 'aa', 'bb'])).stdout
    assert.deepEqual(JSON.parse(removed), { removed: 1, missing: ['bb'] })
    assert.deepEqual(JSON.parse((await tokens(['add', ...db, '--json', 'bob', 'aa'])).stdout), { registered: 1 })
  })

  test('what is listed can be imported, whatever clients are called', async t => {
    const names = ['Smith, A', 'say "ding"', '#4', ' spaced ', 'a;b', 'türklingel']
    const { tokens, listed } = await house(t, Object.fromEntries(names.map((name, n) => [`a${n}`, name])))
    const { stdout } = await tokens(['list', ...db])
    assert.equal((await tokens(['import', '--db', 'sqlite:copy.db', '-'], stdout)).code, 0)
    assert.deepEqual(listed('copy.db'), names.map((name, n) => `${name} a${n}`))
  })

  test('control characters of a client are not obeyed', async t => {
    const { tokens } = await house(t, { aa: 'red\u001b[31m' })
    assert.equal((await tokens(['list', ...db])).stdout, 'red\\u{1b}[31m\taa\n')
  })
})

describe('import', () => {
  test('takes commas, semicolons, tabs, spaces, quotes, comments, a header and old line ends', async t => {
    const { tokens, listed } = await house(t)
    const file = '\ufeffclient_id,deviceToken\r\n1,aa01\r\n2;aa02\r\n3\taa03\r\n4 aa04\r\n\r\n# comment\r\n' +
      '"Smith, A","aa05"\r\n5,<aabbccdd 00112233>\r\n  6   <aabbccdd 44556677>  '
    const { code, stdout, stderr } = await tokens(['import', ...db, '-'], file)
    assert.deepEqual([code, stdout, stderr], [0, '7 lines imported, 0 malformed, 1 header\n', ''])
    assert.deepEqual(listed(), ['1 aa01', '2 aa02', '3 aa03', '4 aa04', 'Smith, A aa05', '5 aabbccdd00112233',
      '6 aabbccdd44556677'])
  })

  test('names malformed lines, imports the others, and exits with 1', async t => {
    const { tokens, listed, cwd } = await house(t)
    const long = [`5,${'a'.repeat(5000)}`, `${'6'.repeat(300)},ee`]
    const lines = ['1,aa', 'bb', '2,abc', '', '3,xy', ',cc', '4,dd,2020', ...long, '7,ff']
    await writeFile(join(cwd, 'tokens.csv'), lines.join('\n'))
    const { code, stdout, stderr } = await tokens(['import', ...db, 'tokens.csv'])
    assert.equal(code, 1)
    assert.equal(stdout, '2 lines imported, 7 malformed\n')
    assert.deepEqual(stderr.trimEnd().split('\n'), [
      'tokens.csv, line 2: there is one field, and two are wanted: client,token',
      'tokens.csv, line 3: the device token has an odd number of hexadecimal digits (3): one was lost or added',
      "tokens.csv, line 5: the device token is not hexadecimal: found 'x' at character 1",
      'tokens.csv, line 6: the client is empty',
      'tokens.csv, line 7: there are 3 fields, and two are wanted: client,token',
      'tokens.csv, line 8: it has more than 4096 characters: is this a text file?',
      'tokens.csv, line 9: A client id must have 1 to 255 characters, not 300.'
    ])
    assert.deepEqual(listed(), ['1 aa', '7 ff'])
  })

  test('--json tells the counts and the malformed lines', async t => {
    const { tokens } = await house(t)
    const { code, stdout } = await tokens(['import', ...db, '--json', '-'], '1,aa\n2,zz\n')
    assert.equal(code, 1)
    assert.deepEqual(JSON.parse(stdout), {
      imported: 1,
      malformed: 1,
      header: false,
      lines: [{ line: 2, problem: "the device token is not hexadecimal: found 'z' at character 1" }]
    })
  })

  test('refuses columns the other way round before it makes clients of tokens', async t => {
    const { tokens, listed } = await house(t)
    const { code, stderr } = await tokens(['import', ...db, '-'], 'token,client\naabb,1234\n')
    assert.equal(code, 2)
    assert.match(stderr, /the client must come first/)
    assert.deepEqual(listed(), [])
  })

  test('a header that is not the first line is malformed', async t => {
    const { tokens } = await house(t)
    const { code, stderr } = await tokens(['import', ...db, '-'], '1,aa\nclient,token\n')
    assert.equal(code, 1)
    assert.match(stderr, /^stdin, line 2: /)
  })

  for (const { what, column, wrong, says } of [
    { what: 'do not fit the columns', column: 'integer', wrong: '007', says: /client_id.* holds numbers/ },
    { what: 'break a rule', column: "text check (client_id <> 'bob')", wrong: 'bob', says: /CHECK constraint failed/ }
  ]) {
    test(`lines that ${what} of an old table are named`, async t => {
      const file = await sqliteFile(t, `create table tb_apns (client_id ${column}, deviceToken text)`)
      const table = ['--db', `sqlite:${file}`, '--table', 'tb_apns', '--token-column', 'deviceToken']
      const { tokens } = await house(t)
      const { code, stdout, stderr } = await tokens(['import', ...table, '-'], `1,aa\n${wrong},bb\n3,cc\n`)
      assert.equal(code, 1)
      assert.equal(stdout, '2 lines imported, 1 malformed\n')
      assert.match(stderr, /^stdin, line 2: .*\n$/)
      assert.match(stderr, says)
      assert.deepEqual(query(file, 'select deviceToken as token from tb_apns').map(({ token }) => token), ['aa', 'cc'])
    })
  }

  test('a table that takes no line at all is an error of its own', async t => {
    const file = await sqliteFile(t, 'create table device_tokens (client_id text, token text, door text not null)')
    const { tokens } = await house(t)
    const { code, stdout, stderr } = await tokens(['import', '--db', `sqlite:${file}`, '-'], '1,aa\n2,bb\n')
    assert.equal(code, 3)
    assert.equal(stdout, '')
    assert.match(stderr, /^error: .*NOT NULL constraint failed.*\n$/)
  })

  test('many lines, of which each comes in', async t => {
    const { tokens, listed } = await house(t)
    const lines = Array.from({ length: 30_000 }, (_, n) => `${n % 300},${n.toString(16).padStart(64, '0')}\n`)
    assert.equal((await tokens(['import', ...db, '-'], lines.join(''))).stdout, '30,000 lines imported, 0 malformed\n')
    assert.equal(listed().length, 30_000)
  })

  test('again leaves the times of what is there, and gives a time to what is new or moves', async t => {
    const { tokens, cwd } = await house(t, { aa: 'alice', bb: 'alice' })
    query(join(cwd, 'doorbell.db'), 'update device_tokens set registered_at = 100000000000000 returning token')
    assert.equal((await tokens(['import', ...db, '-'], 'alice,AA\nbob,bb\nbob,cc\n')).code, 0)
    const imported = query(join(cwd, 'doorbell.db'), `select token from device_tokens
      where registered_at < 100000000000000 order by token`)
    assert.deepEqual(imported.map(({ token }) => token), ['bb', 'cc'])
  })

  test('nothing to import is no error', async t => {
    const { tokens } = await house(t)
    const { code, stdout } = await tokens(['import', ...db, '-'], '\n\n# nothing\n')
    assert.deepEqual({ code, stdout }, { code: 0, stdout: '0 lines imported, 0 malformed\n' })
  })

  test('a file that is not there', async t => {
    const { tokens } = await house(t)
    for (const [file, reason] of [['nothing.csv', 'there is no such file'], ['.', 'it is a directory']]) {
      const { code, stderr } = await tokens(['import', ...db, file])
      assert.equal(code, 2)
      assert.equal(stderr, `error: ${file} cannot be read: ${reason}\n`)
    }
  })
})

describe('databases that cannot be used', () => {
  test('one that cannot be written, though it can be listed', async t => {
    const { tokens, cwd } = await house(t, { aa: 'alice' })
    await makeReadOnly(join(cwd, 'doorbell.db'))
    assert.equal((await tokens(['list', ...db])).stdout, 'alice\taa\n')
    for (const args of [['add', ...db, 'bob', 'bb'], ['import', ...db, '-'], ['remove', ...db, 'aa']]) {
      const { code, stderr } = await tokens(args, 'bob,bb\n')
      assert.equal(code, 3)
      assert.match(stderr, /^error: .*cannot be written/)
    }
  })

  test('one that is no database', async t => {
    const { tokens, cwd } = await house(t)
    await writeFile(join(cwd, 'doorbell.db'), 'these are words, and no database '.repeat(100))
    const { code, stderr } = await tokens(['list', ...db])
    assert.equal(code, 3)
    assert.match(stderr, /is not a SQLite database/)
  })

  test('one without the table, or the column', async t => {
    const file = await sqliteFile(t, 'create table tb_apns (client_id integer, deviceToken text)')
    const { tokens } = await house(t)
    for (const { args, says } of [
      { args: [], says: /has no table device_tokens; its tables are: tb_apns/ },
      { args: ['--table', 'tb_apns'], says: /has no column token. Its columns are: client_id, deviceToken/ }
    ]) {
      const { code, stderr } = await tokens(['list', '--db', `sqlite:${file}`, ...args])
      assert.equal(code, 2)
      assert.match(stderr, says)
    }
  })

  test('one whose URL is none: what to write is said, and what may hold a password is not repeated', async t => {
    const { tokens } = await house(t)
    for (const [url, says] of [
      ['doorbell.db', 'doorbell.db is no database URL: write sqlite:doorbell.db'],
      ['/var/doorbell.db', '/var/doorbell.db is no database URL: write sqlite:/var/doorbell.db'],
      ['C:\\bell.db', 'C:\\bell.db is no database URL: write sqlite:C:\\bell.db'],
      ['sqlite:', 'this is no database URL: write sqlite:FILE'],
      ['', 'this is no database URL: write sqlite:FILE'],
      ['host=localhost password=s3cret', 'this is no database URL: write sqlite:FILE'],
      ['bell@localhost/s3cret', 'this is no database URL: write sqlite:FILE'],
      ['oracle://bell:s3cret@localhost/doors',
        'the database must be sqlite:FILE, mysql://… or postgres://…: this version knows no oracle:']
    ]) {
      const { code, stdout, stderr } = await tokens(['list', '--db', url])
      assert.deepEqual([code, stdout, stderr], [2, '', `error: ${says}\n`])
    }
  })

  test('and what to do is said in words of the command line', async t => {
    const { tokens } = await house(t)
    const file = await sqliteFile(t, `create table tb_apns (client_id integer, deviceToken text, since text);
      insert into tb_apns values (1, '${'aa'.repeat(32)}', 'yesterday')`)
    const old = ['--db', `sqlite:${file}`, '--table', 'tb_apns', '--token-column', 'deviceToken']
    for (const [args, says] of /** @type {[string[], RegExp][]} */ ([
      [['--db', 'sqlite:typo.db'], /Name the right file, or have it made: `bellpush tokens add` .* do that\.$/],
      [['--db', `sqlite:${file}`], /Name the right one with --table, or have it made: `bellpush tokens add` .*\.$/],
      [old.slice(0, 4), /Name the right ones with --client-column, --token-column and --time-column\.$/],
      [[...old, '--time-column', 'since'], /Name another column, or none: leave --time-column out\.$/],
      [[...old, '--client-column', 'a b'], /^error: --client-column must be a name /],
      [[...old, '--client-column', 'deviceToken'], /^error: --client-column, .* name the same column twice\.$/]
    ])) {
      const { code, stderr } = await tokens(['list', ...args])
      assert.ok(code === 2 || code === 3)
      assert.match(stderr.trimEnd(), says)
      assert.doesNotMatch(stderr, /true|null|columns[.:]|clientId|registeredAt/)
    }
  })

  test('one in memory, or of another kind', async t => {
    const { tokens } = await house(t)
    for (const url of ['memory:', 'sqlite::memory:', 'oracle://root@localhost/db', 'doorbell.db']) {
      assert.equal((await tokens(['add', '--db', url, 'alice', 'aa'])).code, 2, url)
    }
  })
})

/**
 * SQLite treats a file whose format is newer than itself (byte 18) as read-only, even for root, who may write any file.
 * @param {string} file
 */
async function makeReadOnly (file) {
  const bytes = await readFile(file)
  bytes[18] = 3
  await writeFile(file, bytes)
}
