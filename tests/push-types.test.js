/** The rules of Apple's push types: what breaks one is an error in words, before anything is sent. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { BellpushError } from '../js/errors.js'
import { checkBroadcast, requestOf } from '../js/notification.js'
import { pushTypes } from '../js/push-types.js'

const topic = 'com.example.doorbell'
const update = { timestamp: 1_795_510_800, event: 'update', 'content-state': { ringing: true } }
const start = {
  ...update, event: 'start', 'attributes-type': 'Ring', attributes: { door: 7 }, alert: { title: 'Ding', body: 'dong' }
}

/** A payload that is good for each push type. @type {Record<string, object>} */
const payloads = {
  alert: { aps: { alert: 'Ding dong' } },
  background: { aps: { 'content-available': 1 }, door: 7 },
  complication: { aps: {} },
  controls: { aps: { 'content-changed': true } },
  fileprovider: { 'container-identifier': 'NSFileProviderWorkingSetContainerItemIdentifier', domain: 'd' },
  liveactivity: { aps: update },
  location: { aps: {} },
  mdm: { mdm: 'B2A71C8C-4D4C-4B8E-8A7C-0E6A3E2A6F3A' },
  pushtotalk: { aps: {}, activeSpeaker: 'Ada' },
  voip: { caller: 'door 7' },
  widgets: { aps: { 'content-changed': true } }
}

/**
 * @param {() => unknown} run
 * @param {RegExp} words
 */
function refuses (run, words) {
  assert.throws(run, error => {
    assert.ok(error instanceof BellpushError, String(error))
    assert.equal(error.code, 'BELLPUSH_NOTIFICATION_INVALID')
    assert.match(error.message, words)
    assert.doesNotMatch(error.message, /[\r\n]|secret/)
    return true
  })
}

/** @param {string} pushType @param {object} [aps] @param {object} [rest] */
const of = (pushType, aps, rest = {}) =>
  requestOf(aps === undefined ? payloads[pushType] : { aps, ...rest }, { topic, pushType })

describe('a push type', () => {
  /** @type {[string, string, number][]} */
  const suffixes = [
    ['alert', '', 4096],
    ['background', '', 4096],
    ['complication', '.complication', 4096],
    ['controls', '.push-type.controls', 4096],
    ['fileprovider', '.pushkit.fileprovider', 4096],
    ['liveactivity', '.push-type.liveactivity', 4096],
    ['location', '.location-query', 4096],
    ['pushtotalk', '.voip-ptt', 4096],
    ['voip', '.voip', 5120],
    ['widgets', '.push-type.widgets', 4096]
  ]
  for (const [pushType, suffix, limit] of suffixes) {
    test(`${pushType} has its topic and its size`, () => {
      for (const given of [topic, topic + suffix]) {
        const { request, payloadLimit } = requestOf(payloads[pushType], { topic: given, pushType })
        assert.deepEqual([request.topic, request.pushType, payloadLimit], [topic + suffix, pushType, limit])
      }
    })
  }

  test('is Apple\'s list, each with a payload that is good', () => {
    assert.deepEqual(Object.keys(payloads), Object.keys(pushTypes))
    for (const [pushType, payload] of Object.entries(payloads)) {
      requestOf(payload, { topic: pushType === 'mdm' ? 'com.apple.mgmt.External.1' : topic, pushType })
      requestOf(JSON.stringify(payload), { topic: pushType === 'mdm' ? 'com.apple.mgmt.External.1' : topic, pushType })
    }
  })

  test('that nobody knows is an error, even where every object has one of that name', () => {
    for (const pushType of ['sms', 'constructor', '__proto__']) {
      refuses(() => requestOf({}, { topic, pushType }), new RegExp(`no push type '${pushType}': there are alert, back`))
    }
    for (const pushType of ['', 'x'.repeat(10_000), 'alert\r\nsecret: x']) {
      refuses(() => requestOf({}, { topic, pushType }), /^there is no such push type: there are alert, background/)
    }
  })

  test('follows from the payload where none is given', () => {
    const typeOf = (/** @type {any} */ payload) => requestOf(payload, { topic }).request.pushType
    assert.equal(typeOf({ aps: { alert: 'Ding dong', 'content-available': 1 } }), 'alert')
    assert.equal(typeOf({ aps: { 'content-available': 1 } }), 'background')
    assert.equal(typeOf('{"aps":{"content-available":1}}'), 'background')
    assert.equal(typeOf(new TextEncoder().encode('{"aps":{"content-available":1}}')), 'background')
    assert.equal(typeOf({ toJSON: () => ({ aps: { 'content-available': 1 } }) }), 'background')
  })

  test('that wants a provider token is refused to a certificate', () => {
    for (const pushType of ['location', 'fileprovider']) {
      refuses(() => requestOf(payloads[pushType], { topic, pushType }, { speaks: 'certificate' }), /provider token/)
      requestOf(payloads[pushType], { topic, pushType }, { speaks: 'token' })
    }
  })

  test('says which priorities it allows', () => {
    const withPriority = (/** @type {string} */ pushType, /** @type {number} */ priority) =>
      requestOf(payloads[pushType], { topic, pushType, priority })
    refuses(() => withPriority('background', 10), /priority 5 or 1, found 10/)
    refuses(() => withPriority('liveactivity', 1), /priority 10 or 5, found 1/)
    assert.equal(requestOf(payloads.background, { topic }).priority, 5)
    assert.equal(requestOf(payloads.alert, { topic }).priority, undefined)
    assert.equal(requestOf(payloads.alert, { topic, priority: 1 }).priority, 1)
  })
})

describe('a background payload', () => {
  test('says content-available, and nothing that is seen or heard', () => {
    for (const key of ['alert', 'badge', 'sound']) {
      refuses(() => of('background', { 'content-available': 1, [key]: 1 }), new RegExp(`aps.${key} is left out`))
    }
    refuses(() => of('background', {}, { door: 7 }), /aps.content-available is 1; it is not there/)
  })

  test('of a pass in Wallet is empty', () => {
    requestOf({}, { topic, pushType: 'background' })
    of('background', {})
  })
})

describe('a live activity', () => {
  test('is started, updated and ended', () => {
    for (const aps of [start, { ...start, alert: 'Ding' }, update, { ...update, event: 'end' }]) of('liveactivity', aps)
    of('liveactivity', { timestamp: 1, event: 'end', 'dismissal-date': 1 })
  })

  /** @type {[string, object, RegExp][]} */
  const faults = [
    ['without an event', { ...update, event: undefined }, /aps.event is 'start' or 'update' or 'end'; it is not there/],
    ['with another event', { ...update, event: 'secret' }, /aps.event is .*; it is another string/],
    ['without a time', { ...update, timestamp: undefined }, /aps.timestamp is the time now, in seconds since 1970/],
    ['in milliseconds', { ...update, timestamp: Date.now() }, /time .* in seconds since 1970; it is another number/],
    ['in a text', { ...update, timestamp: '1795510800' }, /aps.timestamp/],
    ['without its state', { ...update, 'content-state': undefined }, /aps.content-state is an object/],
    ['with a list for a state', { ...update, 'content-state': [] }, /aps.content-state is an object.*; it is a list/],
    ['that starts without a type', { ...start, 'attributes-type': '' }, /aps.attributes-type is the name/],
    ['that starts without attributes', { ...start, attributes: undefined }, /aps.attributes is an object/],
    ['that starts without an alert', { ...start, alert: undefined }, /aps.alert is there, to start/],
    ['that is stale at a date', { ...update, 'stale-date': '2026-11-24' }, /aps.stale-date is seconds since 1970/],
    ['that goes in milliseconds', { ...update, event: 'end', 'dismissal-date': Date.now() }, /aps.dismissal-date/]
  ]
  for (const [what, aps, words] of faults) {
    test(`${what} is refused`, () => refuses(() => of('liveactivity', aps), words))
  }

  test('is not started by a broadcast', () => {
    checkBroadcast({ aps: update }, {})
    refuses(() => checkBroadcast({ aps: start }, {}), /a broadcast wants .* aps.event is 'update' or 'end'/)
  })
})

describe('other payloads', () => {
  test('of widgets and controls say that content has changed', () => {
    for (const pushType of ['widgets', 'controls']) {
      refuses(() => of(pushType, { 'content-changed': 1 }), /aps.content-changed is true; it is another number/)
      refuses(() => of(pushType, {}), /aps.content-changed is true; it is not there/)
    }
  })

  test('of a file provider name what has changed', () => {
    refuses(() => requestOf({ aps: {} }, { topic, pushType: 'fileprovider' }), /container-identifier/)
  })

  test('that are no JSON object are left to whoever reads them', () => {
    for (const payload of ['', 'secret', '[', 'null', '7']) {
      requestOf(payload, { topic, pushType: 'liveactivity' })
    }
    /** @type {any} */
    const cycle = {}
    cycle.cycle = cycle
    requestOf(cycle, { topic, pushType: 'liveactivity' })
    refuses(() => requestOf('[]', { topic, pushType: 'liveactivity' }), /aps.event/)
    refuses(() => requestOf({ aps: null }, { topic, pushType: 'widgets' }), /aps.content-changed/)
  })
})

describe('a topic', () => {
  test('of device management is that of its certificate', () => {
    const uid = 'com.apple.mgmt.External.1'
    const mdm = (/** @type {any} */ headers, /** @type {any} */ sender) =>
      requestOf(payloads.mdm, { pushType: 'mdm', ...headers }, sender).request.topic
    assert.equal(mdm({ topic: uid }, { speaks: 'certificate', uid }), uid)
    assert.equal(mdm({}, { speaks: 'certificate', uid }), undefined, "it is the certificate's")
    refuses(() => mdm({ topic }, {}), /begins with com\.apple\.mgmt\./)
    refuses(() => mdm({ topic: `${uid}2` }, { speaks: 'certificate', uid }), /topic of its certificate/)
    refuses(() => requestOf({ aps: {} }, { topic: uid, pushType: 'mdm' }), /in which mdm is the device's PushMagic/)
  })

  test('is needed where nothing else says it', () => {
    refuses(() => requestOf({}, {}, { speaks: 'token' }), /wants a topic where a provider token speaks/)
    refuses(() => requestOf({}, { pushType: 'voip' }, { speaks: 'certificate' }), /voip wants a topic/)
    const voip = requestOf({}, { pushType: 'voip' }, { speaks: 'certificate', uid: topic })
    assert.equal(voip.request.topic, `${topic}.voip`)
    assert.equal(requestOf({}, {}, { speaks: 'certificate' }).request.topic, undefined)
  })

  test('is one that can be a header field', () => {
    const broken = `${topic}\r\nauthorization: secret`
    for (const bad of ['', ' ', broken, `${topic}\n`, 'com.example.tür', 'a/b', 'a b', '\0']) {
      refuses(() => requestOf({}, { topic: bad }), /a topic is a bundle id.*found something else/)
    }
    refuses(() => requestOf({}, { topic: 'x'.repeat(256) }), /found 256 characters/)
  })
})

describe('other headers', () => {
  test('a collapse id has 64 bytes at most, and no line breaks', () => {
    assert.equal(requestOf({}, { topic, collapseId: 'ü'.repeat(32) }).request.collapseId, 'ü'.repeat(32))
    refuses(() => requestOf({}, { topic, collapseId: 'ü'.repeat(33) }), /64 bytes, found 66/)
    for (const bad of ['', ' ', 'door ', 'a\r\nb: c', 'a\0b', '\x7f']) {
      refuses(() => requestOf({}, { topic, collapseId: bad }), /collapseId must be a text/)
    }
  })

  test('an id is a UUID in lower case', () => {
    const id = '123E4567-E89B-12D3-A456-42665544000A'
    assert.equal(requestOf({}, { topic, id }).request.id, id.toLowerCase())
    for (const bad of ['', 'secret', `${id}\n`, id.replaceAll('-', ''), `{${id}}`]) {
      refuses(() => requestOf({}, { topic, id: bad }), /must be a UUID/)
    }
  })
})
