/** `bellpush decode`: bytes in every form in which people have them, explained in columns. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { bytesOfText } from '../js/bytes-of-text.js'
import { BellpushError } from '../js/errors.js'
import { folder } from './helpers/certificates.js'
import { bellpush } from './helpers/command.js'
import { encodeErrorResponse, encodeFeedback, encodeFrame } from './helpers/reference.js'
import { token } from './helpers/ring.js'

describe('explanations', () => {
  test('of an error response, whole', async t => {
    const { code, stdout, stderr } = await bellpush(t, ['decode', '08', '08', '00', '00', '00', '07'])
    assert.deepEqual([code, stderr], [0, ''])
    assert.equal(stdout, [
      '6 bytes, 1 error response',
      '',
      'Error response 1: the notification with identifier 7 was refused: status 8',
      '(InvalidToken); all before it were accepted, all after it were discarded and',
      'must be sent again',
      '  offset  bytes                    field       value',
      '       0  08                       command     8 (error response)',
      '       1  08                       status      8 (InvalidToken)',
      '       2  00 00 00 07              identifier  7',
      ''
    ].join('\n'))
  })

  test('of frames: long values in several lines, long bytes cut, columns aligned, 80 wide', async t => {
    const payload = `{"aps":{"alert":"${'ding dong '.repeat(30)}"}}`
    const bytes = Buffer.concat([2, 1].map(command =>
      encodeFrame({ command, token: token(1), payload: command === 1 ? '{}' : payload, identifier: 7, expiration: 0 })))
    const { stdout } = await bellpush(t, ['decode', '-'], { input: bytes })
    assert.match(stdout, /^424 bytes, 2 frames$/m)
    assert.match(stdout, /^ {7}0 {2}02 {23}command {9}2 \(items\)$/m)
    assert.match(stdout, /^ +… \d+ more bytes/m)
    assert.equal(stdout.match(/ding/g)?.length, 30, 'the payload is there to its end')
    for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line)
  })

  test('of feedback tuples', async t => {
    const dir = await folder(t, { 'feedback.bin': encodeFeedback([{ time: 1_600_000_000, token: token(1) }]) })
    const { code, stdout } = await bellpush(t, ['decode', 'feedback.bin'], { cwd: dir })
    assert.equal(code, 0)
    assert.match(stdout, /^38 bytes, 1 feedback tuple$/m)
    assert.match(stdout, / time +1600000000 \(2020-09-13 12:26:40$/m)
  })

  test('what can be read is explained, then the problem with its bytes; exit 1', async t => {
    const bytes = Buffer.concat([encodeErrorResponse({ status: 8, identifier: 7 }), Buffer.from([8, 1, 0])])
    const { code, stdout, stderr } = await bellpush(t, ['decode', bytes.toString('hex')])
    assert.deepEqual([code, stderr], [1, ''])
    assert.match(stdout, /^Error response 1: [^]*\n\nProblem at offset 6: .*\n +6 {2}08 01 00\n$/m)
  })

  test('of more lines than a function takes arguments', async t => {
    const { code, stdout } = await bellpush(t, ['decode', '-'], { input: Buffer.alloc(240_000, '080800000007', 'hex') })
    assert.equal(code, 0)
    assert.match(stdout, /^240,000 bytes, 40,000 error responses$/m)
    assert.match(stdout, /^Error response 40000: /m)
  })

  test('--as says what the bytes are', async t => {
    const { code, stdout } = await bellpush(t, ['decode', '--as', 'feedback', '0000000100020a1b'])
    assert.equal(code, 0)
    assert.match(stdout, /^8 bytes, 1 feedback tuple$/m)
  })

  test('--json', async t => {
    const { code, stdout } = await bellpush(t, ['decode', '--json', '0808000000070801'])
    assert.equal(code, 1)
    const { kind, parts, problem } = JSON.parse(stdout)
    assert.deepEqual([kind, parts.length, problem.offset], ['error-responses', 1, 6])
    assert.deepEqual(parts[0].fields[2], { name: 'identifier', offset: 2, length: 4, value: '7' })
  })

  test('a diagnosis of what is wrong in them', async t => {
    const good = encodeFrame({ command: 1, token: token(1), payload: '{"aps":{}}', identifier: 1, expiration: 0 })
    const input = Buffer.concat([good, good.subarray(0, 20), good.subarray(21)])
    const { code, stdout } = await bellpush(t, ['decode', '-'], { input })
    assert.equal(code, 1)
    assert.match(stdout, /^Diagnosis:\n {2}! notification 1: the token's declared length is 32, 31 bytes follow$/m)
    const { findings } = JSON.parse((await bellpush(t, ['decode', '-', '--json'], { input })).stdout)
    assert.match(findings[0].words, /31 bytes follow/)
  })

  test('a payload is shown without its control characters', async t => {
    const frame = encodeFrame({ command: 0, token: 'aa', payload: '{"aps":"\u001b[31m\u009b\u202e"}' })
    const { stdout } = await bellpush(t, ['decode', '-'], { input: frame })
    assert.match(stdout, /\\u\{1b\}\[31m/)
    assert.doesNotMatch(stdout.replaceAll('\n', ''), /\p{Cc}|\p{Cf}/u)
  })
})

describe('what cannot be decoded', () => {
  for (const { what, args, input, code, says } of [
    { what: 'a missing file', args: ['nothing.bin'], code: 2, says: /nothing\.bin cannot be read: there is no/ },
    { what: 'nothing', args: ['-'], input: '', code: 2, says: /^error: there is nothing to decode/ },
    { what: 'an odd number of digits', args: ['080'], code: 1, says: /^error: the number of digits, 3, is odd/ },
    { what: 'words', args: ['-'], input: 'hello', code: 1, says: /^error: this is neither hexadecimal nor base64: f/ },
    { what: 'more than it takes', args: ['-'], input: Buffer.alloc(1_048_577), code: 2, says: /more than 1 MiB/ }
  ]) {
    test(what, async t => {
      const result = await bellpush(t, ['decode', ...args], { input })
      assert.deepEqual([result.code, result.stdout], [code, ''])
      assert.match(result.stderr, says)
    })
  }

  for (const { what, hex, says } of [
    { what: 'a packet capture', hex: 'd4c3b2a1020004000000', says: /a packet capture: .*name its file/s },
    { what: 'TLS', hex: '160301020001000101', says: /TLS records: .*encrypted/s }
  ]) {
    test(`${what}, with what to do about it`, async t => {
      const { code, stdout } = await bellpush(t, ['decode', hex])
      assert.equal(code, 1)
      assert.match(stdout.replace(/\n(?=\S)/g, ' '), says)
    })
  }
})

describe('hex as people have it', () => {
  const bytes = Buffer.from([...Array(20).keys()].map(n => n * 7 % 256))
  const pairs = [...bytes].map(byte => byte.toString(16).padStart(2, '0'))
  const xxd = `00000000: 0007 0e15 1c23 2a31 383f 464d 545b 6269  .....#*18?FMT[bi
00000010: 7077 7e85                                pw~.
`
  for (const { form, text } of [
    { form: 'digits', text: bytes.toString('hex') },
    { form: 'upper case, in lines', text: pairs.join('\r\n').toUpperCase() },
    { form: 'spaces', text: pairs.join(' ') },
    { form: 'groups of eight, as an NSData', text: `<${bytes.toString('hex').replace(/.{8}(?=.)/g, '$& ')}>` },
    { form: 'colons', text: pairs.join(':') },
    { form: '0x and commas', text: `[${pairs.map(pair => `0x${pair}`).join(', ')}]` },
    { form: '\\x in a string', text: `"${pairs.map(pair => `\\x${pair}`).join('')}"` },
    { form: 'base64', text: bytes.toString('base64') },
    { form: 'base64url, in lines', text: bytes.toString('base64url').replace(/.{8}/g, '$&\r\n') },
    {
      form: 'Wireshark, as an escaped string',
      text: `"${pairs.map((pair, index) => `\\x${pair}${index % 8 === 7 ? '" \\\n"' : ''}`).join('')}"`
    },
    {
      form: 'Wireshark, as a C array',
      text: '/* Frame (20 bytes) */\nstatic const unsigned char pkt1[20] = {\n' +
        `${pairs.map(pair => `0x${pair}`).join(', ')} /* {..}.aB */\n};`
    },
    { form: 'xxd -i', text: `unsigned char x[] = {\n  ${pairs.map(pair => `0x${pair}`).join(', ')}\n};\nint n = 20;` },
    { form: 'xxd', text: xxd },
    { form: 'xxd, its text cut off and its first spaces', text: xxd.replace(/ {2}\S+$/gm, '') },
    {
      form: 'hexdump -C',
      text: '00000000  00 07 0e 15 1c 23 2a 31  38 3f 46 4d 54 5b 62 69  |.....#*18?FMT[bi|\n' +
        '00000010  70 77 7e 85                                       |pw~.|\n00000014\n'
    },
    {
      form: 'od -A x -t x1',
      text: '000000 00 07 0e 15 1c 23 2a 31 38 3f 46 4d 54 5b 62 69\n000010 70 77 7e 85\n000014\n'
    },
    {
      form: 'Wireshark',
      text: '0000  00 07 0e 15 1c 23 2a 31 38 3f 46 4d 54 5b 62 69   .....#*18?FMT[bi\n' +
        '0010  70 77 7e 85                                       pw~.\n'
    },
    {
      form: 'Wireshark, Follow Stream, the other side',
      text: '    00000000  00 07 0e 15 1c 23 2a 31  38 3f 46 4d 54 5b 62 69   .....#*1 8?FMT[bi\n' +
        '    00000010  70 77 7e 85                                        pw~.\n'
    }
  ]) {
    test(form, () => assert.deepEqual(Buffer.from(bytesOfText(text)), bytes))
  }

  test('text beside the bytes that looks like bytes is none', () => {
    const beside = '00000000: 6162 6364 6566 6162 6364 6566 6162 6364  abcdefabcdefabcd\n' +
      '00000010: 6162 2063 6420                           ab cd \n'
    assert.equal(Buffer.from(bytesOfText(beside)).toString(), 'abcdefabcdefabcdab cd ')
    const eight = '00000000  61 62 63 64 65 66 30 30                           |abcdef00|\n'
    assert.equal(Buffer.from(bytesOfText(eight)).toString(), 'abcdef00')
  })

  test('a line that was left out as it repeats is there', () => {
    const zeros = '00000000  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|\n*\n' +
      '00000040  01                                                |.|\n00000041\n'
    assert.equal(Buffer.from(bytesOfText(zeros)).toString('hex'), `${'00'.repeat(64)}01`)
  })

  for (const { what, text, says } of [
    {
      what: 'both directions of a connection',
      text: '00000000  02 00 00 00 4f 01 00 20   ....O.. \n    00000000  08 08 00 00 00 07   ......\n',
      says: /both directions/
    },
    {
      what: 'a lost line',
      text: '00000000  00 07 0e 15 1c 23 2a 31\n00000010  70 77 7e 85\n',
      says: /offset 0 has 8 bytes, and the next one begins 16 bytes further: a line was lost/
    },
    { what: 'an endless repetition', text: '00000000  00 00  ..\n*\nffffffff\n', says: /begins 4294967295 bytes/ }
  ]) {
    test(`${what} is found`, () => {
      assert.throws(() => bytesOfText(text), error => {
        assert.ok(error instanceof BellpushError)
        assert.equal(error.code, 'BELLPUSH_FRAME_MALFORMED')
        assert.match(error.message, says)
        return true
      })
    })
  }
})
