/**
 * What the page says, in Chinese.
 */

const number = (/** @type {number} */ value) => value.toLocaleString('zh-CN')

/** @type {Record<number, string>} */
const sides = { 0: '发起连接的一方', 1: '另一端' }

/** @param {number | null} identifier */
const which = identifier => identifier === null ? '一条没有标识符的通知' : `通知 ${identifier}`

/** @param {number | null} status */
const why = status => status === null ? '' : `，这就是返回状态 ${status} 的原因`

/** @param {Record<string, any>} finding */
function discarded ({ discarded, first, last, again }) {
  if (discarded === 0) return '其后没有再写入'
  const range = first === null ? '' : first === last ? `（${first}）` : `（${first} 至 ${last}）`
  const were = `其后的 ${number(discarded)} 条${range}被丢弃`
  if (again === 0) return `${were}，并且再也没有重发`
  return again === discarded ? `${were}，之后在另一条连接上重发了` : `${were}，其中 ${number(again)} 条之后重发了`
}

/** @type {Record<string, (finding: Record<string, any>) => string>} */
const findings = {
  encrypted: () => '这条连接是加密的（TLS）。要读取它，请让客户端写出密钥（SSLKEYLOGFILE，或 node ' +
    '--tls-keylog=keys.log），然后运行：tshark -r FILE -o tls.keylog_file:keys.log -q -z follow,tls,raw,0，' +
    '再解码其中一个方向的十六进制',
  http2: ({ accepted, rejected, unanswered }) =>
    `HTTP/2：${number(accepted)} 个请求被接受，${number(rejected)} 个被拒绝，${number(unanswered)} 个没有应答`,
  refused: ({ stream, status, name }) => `流 ${stream} 被拒绝，状态 ${status}${name === null ? '' : `（${name}）`}`,
  reset: ({ stream, error }) =>
    `流 ${stream} 没有应答就被终止，错误码 ${error}${error === 7 ? '：它没有被处理，可以重发' : ''}`,
  'go-away': ({ last, error, unprocessed }) => `网关在流 ${last} 之后结束连接，错误码 ${error}` +
    (unprocessed === 0 ? '' : `：其后的 ${number(unprocessed)} 个请求没有被处理，可以重发`),
  'not-understood': () => '这些字节不属于二进制协议',
  midway: ({ direction }) => `抓包开始得比连接晚：${sides[direction]}最初的字节不在其中`,
  missing: ({ direction, offset, length }) =>
    `抓包中缺少${sides[direction]}在偏移 ${offset} 处的 ${number(length)} 个字节`,
  'left-out': ({ direction, bytes }) => `抓包太大：${sides[direction]}有 ${number(bytes)} 个字节被略去`,
  contradicted: ({ direction, segments }) =>
    `${sides[direction]}有 ${number(segments)} 个报文段重传时内容不同：这里显示最先到达的`,
  'wrong-length': ({ token, declared, actual, identifier, status, characters }) =>
    `${which(identifier)}：${token ? '令牌' : '负载'}声明的长度是 ${declared}，实际有 ${actual} 个字节${why(status)}` +
    (characters ? '。数的是字符数，而不是字节数' : ''),
  unreadable: ({ offset, length, first, status }) => `偏移 ${offset} 处的 ${number(length)} 个字节无法读取：` +
    `第一个字节是 ${first.toString(16).padStart(2, '0')}${why(status)}`,
  cut: ({ length }) => `字节流在最后一条消息中间结束：其中只有 ${number(length)} 个字节`,
  'payload-too-long': ({ identifier, bytes, limit }) =>
    `${which(identifier)}：负载有 ${number(bytes)} 个字节，这种命令最多 ${number(limit)} 个`,
  'identifier-twice': ({ identifier }) => `标识符 ${identifier} 在这条连接上用了不止一次：针对它的错误响应会有歧义`,
  rejected: finding => `标识符 ${finding.identifier} 被拒绝，状态 ${finding.status}：之前的 ` +
    `${number(finding.before)} 条通知已被接受；${discarded(finding)}`,
  sentinel: ({ identifier, before }) =>
    `标识符 ${identifier} 如预期被拒绝：这证明之前的 ${number(before)} 条通知都已被接受`,
  shutdown: finding => `状态 10：${finding.identifier} 是最后一条被接受的通知` +
    (finding.entry === null ? '，它不在这个抓包中' : `；${discarded(finding)}`),
  'unknown-identifier': ({ identifier, status }) =>
    `状态为 ${status} 的错误响应提到标识符 ${identifier}，它不在这个抓包中`,
  'cut-off': ({ sent, reset }) =>
    `网关没有应答就${reset ? '重置' : '关闭'}了连接：${number(sent)} 条通知的结果无人能知`,
  silence: ({ sent }) => `关于 ${number(sent)} 条通知没有任何应答：在这个协议里，只要网关读到了，沉默就是成功`,
  'feedback-lost': ({ offset, lost }) =>
    `反馈流在偏移 ${offset} 处${lost > 0 ? '丢失' : '多出'}了 ${Math.abs(lost)} 个字节`,
  feedback: ({ tuples }) => `${number(tuples)} 个失效令牌：如果在所给时间之后没有重新注册，就删除它们`
}

/** @type {typeof import('./en.js').default} */
export default {
  locale: 'zh-CN',
  number,

  page: {
    title: 'Bellpush 解码器',
    'start.title': '看看发送了什么，又为什么失败',
    'start.lead': '打开一个推送的抓包文件：苹果的二进制协议，或不带 TLS 的 HTTP/2。它只在您的浏览器中读取，不会发送到任何地方。',
    'start.drop': '把文件拖到页面任意位置：pcap、pcapng、原始字节流，或十六进制转储。',
    'start.choose': '选择文件',
    'start.paste': '或者粘贴字节',
    'start.forms': '任意形式的十六进制（xxd、hexdump、Wireshark 的“复制”），或 base64。',
    'start.decode': '解码',
    'start.samples': '或者看一个示例',
    'busy.stop': '停止',
    'opened.another': '打开另一个',
    'diagnosis.title': '诊断',
    'diagnosis.connection': '连接',
    'timeline.title': '时间线',
    'filter.token': '令牌',
    'filter.identifier': '标识符',
    'filter.status': '状态',
    'filter.clear': '清除',
    foot: '您打开的内容不会离开这台电脑。按键：↑ ↓ 切换消息，Home 和 End 到首尾，Enter 查看字节，Esc 返回。'
  },

  finding: finding => findings[finding.code]?.(finding) ?? String(finding.words),

  samples: {
    'good-ring': ['一次成功的推送', '24 部手机，全部接受'],
    'dead-token': ['一个失效令牌', '以及在它之后丢失的通知'],
    'unreadable-frame': ['一个无法读取的帧', '长度数的是字符数'],
    feedback: ['一次反馈读取', '哪些令牌失效，何时失效'],
    http2: ['HTTP/2 上的六个请求', '其中两个被拒绝']
  },

  pasted: '粘贴的字节',
  reading: (read, of) => read < of
    ? `正在读取：${number(Math.floor(read / 1e6))} / ${number(Math.ceil(of / 1e6))} MB`
    : '正在重组…',
  bytes: bytes => `${number(bytes)} 字节`,
  facts: (format, packets, connections) => format === null
    ? '单独的字节流'
    : `${format} · ${number(packets)} 个数据包 · ${number(connections)} 条连接`,
  passed: {
    linkType: count => `${number(count)} 个链路类型未知的数据包`,
    other: count => `${number(count)} 个不是 TCP/IP 的数据包`,
    fragments: count => `${number(count)} 个 IP 分片（这里不重组分片）`,
    malformed: count => `${number(count)} 个无法读取的数据包`,
    connections: count => `${number(count)} 个属于过多连接的数据包`,
    cut: count => `${number(count)} 个抓取时被截短的数据包`
  },
  notRead: '未读取：',
  failure: '文件无法继续读取：',
  nothing: '这个抓包中没有 TCP 连接。',
  problem: message => `无法读取：${message}`,
  empty: '还没有可以解码的内容。',
  crashed: '解码器在这个文件上失败了，这是 Bellpush 的缺陷，请报告。',
  noSuchSample: '没有这个示例。',
  noFrame: '这个链接指向一个尚未打开的文件：打开它，链接就会指到那里。',

  fine: '没有发现问题。',
  moreFindings: count => `再显示 ${number(count)} 条`,
  wrong: '问题',
  good: '正常',

  kinds: {
    empty: '无', frames: '帧', 'error-responses': '错误响应', feedback: '反馈', tls: 'TLS', http2: 'HTTP/2', other: '其他'
  },
  fates: { accepted: '已接受', rejected: '被拒绝', discarded: '被丢弃', unknown: '未知' },
  fatesInWords: {
    accepted: '已接受：针对后面一条通知的应答证明了这一点。手机是否响了，没有人能知道。',
    rejected: '网关拒绝了这一条，并关闭了连接。',
    discarded: '它写在一条被拒绝的通知之后，没有被读取就丢弃了：必须重发。',
    unknown: '这个抓包没有说明它的结果。在这个协议里，沉默就是成功。'
  },
  requestsInWords: {
    accepted: '已接受：应答说明了这一点。手机是否响了，没有人能知道。',
    rejected: '网关拒绝了这个请求。',
    discarded: '网关在处理这个请求之前结束了连接：可以重发。',
    unknown: '抓包中没有对这个请求的应答。'
  },
  tally: ([unknown, accepted, rejected, discarded]) => [
    accepted && `${number(accepted)} 条已接受`, rejected && `${number(rejected)} 条被拒绝`,
    discarded && `${number(discarded)} 条被丢弃`, unknown && `${number(unknown)} 条未知`
  ].filter(Boolean).join('，'),
  sides: ['来自发起连接的一方', '来自另一端'],

  label: ({ kind, identifier, status, length, type, fate }) => ({
    frame: identifier === null ? '通知' : `通知 ${identifier}`,
    'error-response': `错误响应：${status}，对 ${identifier}`,
    tuple: '失效令牌',
    http2: `${fate ? '请求' : status ? `应答 ${status}，对` : type || '前言'} ${identifier ?? ''}`,
    unreadable: `无法读取的 ${number(length)} 个字节`
  })[kind],

  noPayload: '没有负载',
  shown: (from, to, all) => all === 0 ? '没有匹配的内容。' : `第 ${number(from)} 至 ${number(to)} 条，共 ${number(all)} 条`,
  most: '只列出前 10,000 个匹配。',
  badToken: '请用十六进制数字搜索令牌。',
  badIdentifier: '标识符是不超过 4294967295 的数字。',
  anyStatus: '任意',
  pages: { label: '页码', first: '首页', back: '上一页', next: '下一页', last: '末页' },

  bytesTitle: '字节',
  fieldsTitle: '字段',
  field: '字段',
  value: '值',
  more: '显示全部字节',
  close: '关闭',
  copy: '复制',
  copies: { link: '链接', hex: '十六进制', json: 'JSON', vector: '测试向量' },
  copied: '已复制',
  notCopied: '浏览器不允许页面复制。',
  place: (packet, offset) => packet === '' ? `偏移 ${offset}` : `数据包 ${packet} · 偏移 ${offset}`,

  payloadTitle: '负载',
  measured: (bytes, limit) => `${number(bytes)} / ${number(limit)} 字节`,
  tooLong: by => `：多出 ${number(by)} 个`,
  noJson: '这不是 JSON：',
  statusTitle: '状态的含义',
  todo: '怎么办',
  partsInWords: {
    tuple: '从那时起，这部手机上已经没有这个应用。如果令牌之后没有重新注册，就删除它。',
    unreadable: '这些字节不属于协议。最常见的原因是前面的某个长度有误，或者丢失了字节。'
  },

  fields: {
    command: '命令',
    'frame length': '帧长度',
    item: '项',
    length: '长度',
    token: '令牌',
    'token length': '令牌长度',
    payload: '负载',
    'payload length': '负载长度',
    identifier: '标识符',
    expiration: '有效期',
    priority: '优先级',
    status: '状态',
    time: '时间',
    unreadable: '无法读取',
    type: '类型',
    flags: '标志',
    stream: '流',
    headers: '头部',
    setting: '设置',
    'error code': '错误码',
    'last stream': '最后的流',
    'debug data': '调试数据',
    increment: '增量',
    data: '数据',
    preface: '前言',
    cut: '被截断'
  },
  values: [
    [/\(simple\)/, '（简单）'], [/\(enhanced\)/, '（增强）'], [/\(items\)/, '（项）'],
    [/\(error response\)/, '（错误响应）'], [/\(token\)/, '（令牌）'], [/\(payload\)/, '（负载）'],
    [/\(identifier\)/, '（标识符）'], [/\(expiration\)/, '（有效期）'], [/\(priority\)/, '（优先级）'],
    [/\(try once, do not store\)/, '（只试一次，不保存）'], [/\(at once\)/, '（立即）'],
    [/\(when it suits the battery\)/, '（为省电择时）'], [/\((\d+) follow\)/, '（实际有 $1 个）']
  ],

  statuses: {
    0: ['没有错误。', '什么也不用做。'],
    1: ['网关因自身原因失败。', '稍后重发，并逐渐延长间隔。'],
    2: ['没有令牌。', '检查数据库给出的内容：是否有空令牌，或多出的一行。'],
    3: ['没有指明应用。', '使用您应用的推送证书：它指明了主题。'],
    4: ['没有负载，或者前面的某个长度有误，使一切错位。', '检查帧里的长度，先看令牌的长度：每个长度都必须等于其后的字节数。'],
    5: ['令牌的长度不对。', '发送令牌的字节，而不是它的十六进制数字：64 个数字是 32 个字节。'],
    6: ['主题太长。', '使用您应用的推送证书。'],
    7: ['负载太长。', '数字节而不是字符：命令 0 和 1 最多 256 个，命令 2 最多 2,048 个。'],
    8: ['令牌不属于这个环境中的这个应用。',
      '删除之前，请在另一条连接上再问一次：苹果曾经拒绝过有效的令牌。如果大多数令牌都被拒绝，那么是应用或环境（沙盒、生产）不对。' +
      '请重发在它之后写入的通知。'],
    10: ['网关即将关闭。标识符是它最后接受的一条通知。', '重新连接，从下一条开始重发。'],
    128: ['收到的不是帧。', '检查命令，以及这个位置之前的每个长度。'],
    200: ['已接受。手机是否响了，没有人能知道。', '什么也不用做。'],
    255: ['网关没有说明原因。', '再发一次；如果再被拒绝，请检查它的字节。'],
    400: ['请求有误；应答之后的 DATA 给出了原因。',
      'BadDeviceToken：第二次应答证实之后再删除令牌；如果大多数令牌都如此，那么是应用或环境不对。其他原因：改正它指出的内容再发。'],
    403: ['提供者令牌或证书被拒绝。', '每 20 到 60 分钟生成一次新的提供者令牌，并使用正确的密钥、密钥标识和团队。'],
    404: ['路径不对。', '应为 /3/device/ 加上令牌的十六进制数字。'],
    405: ['方法不对。', '应为 POST。'],
    410: ['令牌已失效。', '如果在应答所给时间之后没有重新注册，就删除它。'],
    413: ['负载太长。', '最多 4,096 字节，VoIP 最多 5,120 字节。'],
    429: ['对这个令牌的请求太多，或者提供者令牌更换得太频繁。', '降低发送频率。'],
    500: ['网关失败。', '稍后重发，并逐渐延长间隔。'],
    503: ['网关即将关闭或过于繁忙。', '稍后重发，并逐渐延长间隔。']
  },
  otherStatus: ['苹果从未公布过的状态。', '把它当作对这条通知的拒绝。']
}
