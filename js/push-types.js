/**
 * Apple's push types as a table: the topic that each wants, the priorities that it allows, how large it may be, and
 * what its payload has to say. What Apple would answer with 200 and the phone would throw away is an error here, before
 * anything is sent.
 *
 * Sources: Apple, "Sending notification requests to APNs", unless a row says another one.
 */

/** Bytes of a payload, if its push type says nothing else. */
const USUAL_SIZE = 4096

/** Bytes of the payload of a call, and of a broadcast. */
const LARGE_SIZE = 5120

/**
 * What a payload must say. Where it does not, its value is not shown: it may be anybody's business.
 * @typedef {object} PayloadRule
 * @property {string} key of `aps`, or where it begins with a slash, of the payload itself
 * @property {(value: any, aps: Record<string, any>, payload: Record<string, any>) => boolean} fits
 * @property {string} wants what fits, in words
 */

/**
 * @typedef {object} PushType
 * @property {string} suffix of the topic, behind the bundle id
 * @property {string} [topicPrefix] that every topic of this type begins with
 * @property {number[]} priorities that are allowed; where none is given, the gateway means 10
 * @property {number} [priority] that is sent where none is given
 * @property {number} payloadLimit bytes
 * @property {boolean} [tokenOnly] a client certificate is not enough: only a provider token will do
 * @property {PayloadRule[]} payload
 */

/** @param {string} suffix @param {Partial<PushType>} [special] @returns {PushType} */
const type = (suffix, special) =>
  ({ suffix, priorities: [10, 5, 1], payloadLimit: USUAL_SIZE, payload: [], ...special })

/** @param {unknown} value */
const isObject = value => typeof value === 'object' && value !== null && !Array.isArray(value)
/** @param {unknown} value */
const isText = value => typeof value === 'string' && value !== ''
/** Unix seconds: milliseconds are too large. @param {unknown} value */
const isTime = value => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 0xffff_ffff
/** @param {(value: any) => boolean} fits */
const ifGiven = fits => (/** @type {unknown} */ value) => value === undefined || fits(value)

/** @param {Record<string, any>} payload */
const isEmpty = ({ aps, ...rest }) => Object.keys(aps ?? {}).length + Object.keys(rest).length === 0

/** @param {string} key @returns {PayloadRule} */
const notWith = key => ({ key, fits: value => value === undefined, wants: 'left out: it is for the push type alert' })

/**
 * Apple, "Pushing background updates to your app". A pass of Wallet is told to update by an empty payload ("Adding a
 * web service to update passes").
 * @type {PayloadRule[]}
 */
const backgroundPayload = [
  notWith('alert'),
  notWith('badge'),
  notWith('sound'),
  {
    key: 'content-available',
    fits: (value, aps, payload) => Boolean(value) || isEmpty(payload),
    wants: '1'
  }
]

/** Apple, "Updating widgets with WidgetKit push notifications", "Updating controls locally and remotely". */
const contentChanged = [
  { key: 'content-changed', fits: (/** @type {unknown} */ value) => value === true, wants: 'true' }
]

/**
 * Apple, "Starting and updating Live Activities with ActivityKit push notifications".
 * @param {string[]} events
 * @returns {PayloadRule[]}
 */
function activityPayload (events) {
  /** @param {(value: any) => boolean} fits @returns {PayloadRule['fits']} */
  const toStart = fits => (value, { event }) => event !== 'start' || fits(value)
  return [
    { key: 'event', fits: value => events.includes(value), wants: events.map(event => `'${event}'`).join(' or ') },
    { key: 'timestamp', fits: isTime, wants: 'the time now, in seconds since 1970' },
    // Of the end, Apple says to include it; an activity that is dismissed at once shows none.
    {
      key: 'content-state',
      fits: (value, { event }) => isObject(value) || (event === 'end' && value === undefined),
      wants: 'an object, what the activity shows'
    },
    { key: 'attributes-type', fits: toStart(isText), wants: "the name of the activity's type, to start one" },
    { key: 'attributes', fits: toStart(isObject), wants: 'an object, to start an activity' },
    { key: 'alert', fits: toStart(value => isObject(value) || isText(value)), wants: 'there, to start an activity' },
    { key: 'stale-date', fits: ifGiven(isTime), wants: 'seconds since 1970' },
    { key: 'dismissal-date', fits: ifGiven(isTime), wants: 'seconds since 1970' }
  ]
}

/** @type {Readonly<Record<string, PushType>>} */
export const pushTypes = Object.freeze({
  alert: type(''),
  // "Always use priority 5. Using priority 10 is an error": 1 says still less.
  background: type('', { priorities: [5, 1], priority: 5, payload: backgroundPayload }),
  complication: type('.complication'),
  controls: type('.push-type.controls', { payload: contentChanged }),
  // "Using push notifications to signal changes": tokens, not certificates.
  fileprovider: type('.pushkit.fileprovider', {
    tokenOnly: true,
    payload: [
      { key: '/container-identifier', fits: isText, wants: 'the name of what has changed' },
      { key: '/domain', fits: ifGiven(isText), wants: 'a text' }
    ]
  }),
  liveactivity: type('.push-type.liveactivity', {
    priorities: [10, 5],
    payload: activityPayload(['start', 'update', 'end'])
  }),
  location: type('.location-query', { tokenOnly: true }),
  // Apple's device management: the payload MDM (Topic), and "Sending MDM commands".
  mdm: type('', {
    topicPrefix: 'com.apple.mgmt.',
    payload: [{ key: '/mdm', fits: isText, wants: "the device's PushMagic" }]
  }),
  pushtotalk: type('.voip-ptt'),
  voip: type('.voip', { payloadLimit: LARGE_SIZE }),
  widgets: type('.push-type.widgets', { payload: contentChanged })
})

/**
 * A broadcast to a channel, whose topic is in its path. Apple, "Sending broadcast push notification requests to APNs":
 * it cannot start an activity.
 */
export const broadcastType = Object.freeze(type('', {
  payloadLimit: LARGE_SIZE,
  payload: activityPayload(['update', 'end'])
}))

/**
 * The row of a push type.
 * @param {string} name
 * @returns {PushType | undefined}
 */
export const pushTypeNamed = name => Object.hasOwn(pushTypes, name) ? pushTypes[name] : undefined
