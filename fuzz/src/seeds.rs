//! What the fuzzer begins with: the vectors of tests/vectors/, and cases that a person would try first. They are in
//! seeds/ as files, because libFuzzer wants them so; `cargo run --no-default-features --example write-seeds` writes them.

use serde_json::Value;

use crate::operating::{Configuration, Operation, op};
use crate::traffic::{ACK, ETHERNET, GATEWAY, PROVIDER, Pcap, RST, Sent, connection, ethernet_file, pcapng, sent};

/// The seeds of a target, by file name.
pub fn of(target: &str) -> Vec<(String, Vec<u8>)> {
    match target {
        "frames" => frames(),
        "error_responses" => error_responses(),
        "feedback" => feedback(),
        "explain" => explain(),
        "captures" => captures(),
        "tokens" => tokens(),
        "payload" => payload(),
        "operations" => operations(),
        "http2" => http2(),
        "hpack" => hpack(),
        "conversation" => conversation(),
        _ => Vec::new(),
    }
}

type Seeds = Vec<(String, Vec<u8>)>;

fn named<'a>(seeds: impl IntoIterator<Item = (&'a str, Vec<u8>)>) -> Seeds {
    seeds.into_iter().map(|(name, bytes)| (name.to_string(), bytes)).collect()
}

/// Bytes from hexadecimal text; spaces are for reading.
fn hex(text: &str) -> Vec<u8> {
    crate::reading::hex(text)
}

/// The streams of one kind in the vectors.
fn vectors(kind: &str) -> Seeds {
    let text = include_str!("../../tests/vectors/binary.json");
    let vectors: Value = serde_json::from_str(text).expect("the vectors are JSON");
    let text_of = |value: &Value| value.as_str().expect("a text").to_string();
    let (token, payload) = (text_of(&vectors["T"]), text_of(&vectors["P"]));
    let each = vectors[kind].as_array().expect("a list").iter().enumerate();
    each.map(|(number, vector)| {
        let hexadecimal = text_of(&vector["hex"]).replace('T', &token).replace('P', &payload);
        (format!("vector-{number}"), hex(&hexadecimal))
    })
    .collect()
}

/// The same streams, each behind bytes that say how it is cut.
fn cut(lengths: &[u8], seeds: Seeds) -> Seeds {
    let head: Vec<u8> = std::iter::once(lengths.len() as u8).chain(lengths.iter().copied()).collect();
    seeds.into_iter().map(|(name, bytes)| (name, [head.as_slice(), &bytes].concat())).collect()
}

fn streams_of_frames() -> Seeds {
    let all = vectors("frames").into_iter().flat_map(|(_, bytes)| bytes).collect();
    let more = named([
        ("all-commands", all),
        ("least-of-each-command", hex("00 0000 0000 01 00000001 00000000 0001 aa 0000 02 00000000")),
        ("sentinel", hex("02 0000000e 03 0004 00000007 01 0001 00 02 0000")),
        ("items-in-another-order", hex("02 00000018 05 0001 0a 04 0004 00000000 03 0004 00000001 02 0002 7b7d")),
        ("items-by-one-too-short", hex("02 0000000a 03 0004 00000007 01 0002 aa")),
        ("item-twice", hex("02 0000000e 03 0004 00000007 03 0004 00000007")),
        ("item-of-the-wrong-length", hex("02 00000006 03 0003 000007")),
        ("unknown-item", hex("02 00000004 06 0001 00")),
        ("unknown-command", hex("00 0001 aa 0001 bb 03")),
        ("token-too-long", [hex("00 0065"), vec![0xab; 101], hex("0002 7b7d")].concat()),
        ("payload-too-long", [hex("00 0001 ab 0801"), vec![b' '; 2049]].concat()),
        ("longest-lengths", hex("01 00000001 ffffffff ffff")),
        ("frame-length-wraps", hex("02 ffffffff 01")),
        ("wrong-token-length", hex("01 00000009 00000000 0003 aabb 0002 7b7d")),
    ]);
    [vectors("frames"), more].concat()
}

fn frames() -> Seeds {
    let whole = cut(&[255], streams_of_frames());
    let mut one_by_one = cut(&[], vectors("frames"));
    for (name, _) in &mut one_by_one {
        name.push_str("-byte-by-byte");
    }
    [whole, one_by_one].concat()
}

fn error_responses() -> Seeds {
    let more = named([
        ("two", hex("08 08 00000005 08 0a 00000006")),
        ("cut", hex("08 08 0000")),
        ("behind-one", hex("08 00 00000001 00")),
        ("http", b"HTTP/1.1 400".to_vec()),
    ]);
    [vectors("error_responses"), more].concat()
}

fn streams_of_feedback() -> Seeds {
    let more = named([
        ("two", hex("00000000 0001 aa ffffffff 0002 bbcc")),
        ("longest-token", [hex("536fe0f0 0064"), vec![0xab; 100]].concat()),
        ("token-too-long", [hex("536fe0f0 0065"), vec![0xab; 101]].concat()),
        ("no-token", hex("536fe0f0 0000")),
        ("cut", hex("536fe0f0 0020 0001")),
    ]);
    [vectors("feedback"), more].concat()
}

fn feedback() -> Seeds {
    cut(&[7, 38], streams_of_feedback())
}

fn explain() -> Seeds {
    let mut seeds = Vec::new();
    for (kind, streams) in
        [("frames", streams_of_frames()), ("responses", error_responses()), ("feedback", streams_of_feedback())]
    {
        seeds.extend(streams.into_iter().map(|(name, bytes)| (format!("{kind}-{name}"), bytes)));
    }
    seeds
}

fn captures() -> Seeds {
    let said: Vec<u8> = vectors("frames").into_iter().flat_map(|(_, bytes)| bytes).collect();
    let whole = connection(PROVIDER, &said, &hex("08 08 01020304"));
    let again = [whole.clone(), connection(PROVIDER + 1, &said, &[])].concat();
    let mut disordered = whole.clone();
    disordered.swap(2, 3);
    disordered.push(whole[2].clone());
    let mut missing = connection(PROVIDER, &[said.clone(), said.repeat(20)].concat(), &hex("08 0a 01020304"));
    missing.remove(3);
    let mut reset = connection(PROVIDER, &said, &[]);
    reset.push(sent(GATEWAY, PROVIDER, 5_000, RST | ACK, &[]));
    let wrong = hex("01 00000001 00000000 0020 aabbcc 0002 7b7d 01 00000002 00000000 0003 aabbcc 0002 7b7d");
    // The preface, SETTINGS, a request whose path is a literal, in two frames, and its DATA; then an answer, and a GOAWAY.
    let request = hex(
        "505249202a20485454502f322e300d0a0d0a534d0d0a0d0a 000006 04 00 00000000 000300000064 000006 01 00 00000001 \
         8386 44 0a 2f33 000008 09 04 00000001 2f6465766963652f 000002 00 01 00000001 7b7d",
    );
    let answer = hex(
        "000000 04 00 00000000 000001 01 04 00000001 8c 00000e 00 01 00000001 7b22726561736f6e223a2222207d 000004 08 00 \
         00000000 00000001 000004 03 00 00000003 00000007 000008 07 00 00000000 00000001 00000000",
    );
    let packets: Vec<_> = whole.iter().map(Sent::ethernet).collect();
    let raw: Vec<_> = whole.iter().map(Sent::ipv4).collect();
    let loopback: Vec<_> = whole.iter().map(|packet| [&[0, 0, 0, 30], packet.ipv6().as_slice()].concat()).collect();
    let more = named([
        ("pcap", ethernet_file(&whole)),
        ("pcap-big-nano", Pcap { big: true, nano: true, link: 101 }.file(&raw)),
        ("pcap-loopback-ipv6", Pcap { big: false, nano: false, link: 108 }.file(&loopback)),
        ("pcapng", pcapng(false, 1, &packets)),
        ("pcapng-big", pcapng(true, 1, &packets)),
        ("sent-again", ethernet_file(&again)),
        ("disordered", ethernet_file(&disordered)),
        ("missing", ethernet_file(&missing)),
        ("midway", ethernet_file(&whole[2..])),
        ("reset", ethernet_file(&reset)),
        ("wrong-length", ethernet_file(&connection(PROVIDER, &wrong, &hex("08 04 00000000")))),
        ("tls", ethernet_file(&connection(PROVIDER, &hex("16 03 01 0004 01000000"), &hex("16 03 03 0001 00")))),
        ("http2", ethernet_file(&connection(PROVIDER, &request, &answer))),
        ("http2-by-itself", request),
        ("cut-packet", ETHERNET.record(0, &packets[2][..60], packets[2].len())),
        ("too-long", [ETHERNET.head(), hex("00000000 00000000 ffffffff ffffffff")].concat()),
        ("block-length", hex("0a0d0d0a 1c000000 4d3c2b1a 01000000 ffffffffffffffff 1c000000 06000000 07000000")),
    ]);
    let streams = explain().into_iter().map(|(name, bytes)| (format!("stream-{name}"), bytes));
    cut(&[97, 250], more.into_iter().chain(streams).collect())
}

fn tokens() -> Seeds {
    named([
        ("plain", b"00ff11ee22dd33cc".to_vec()),
        ("longest", b"aB".repeat(100)),
        ("too-long", b"ab".repeat(101)),
        ("lines", b"00ff11ee\r\n<AABB CCDD>\n\nxyz\nabc\n 0 1 ".to_vec()),
        ("brackets", b" <00ff a12b>\t".to_vec()),
        ("one-bracket", b"<00ff".to_vec()),
        ("brackets-within", b"00<ff>11".to_vec()),
        ("odd", b"ab c".to_vec()),
        ("spaces", b" \t\r".to_vec()),
        ("not-ascii", "ab\u{e9}0\u{1f514}".into()),
        ("not-utf-8", b"ab\xff\xfe0".to_vec()),
    ])
}

fn payload() -> Seeds {
    named([
        ("ding", br#"{"aps":{"alert":"Ding \ud83d\udd14","badge":-1.5e3,"sound":null}}"#.to_vec()),
        ("spaces", b" \n{ \"a\" : [ true , false , { } ] } ".to_vec()),
        ("not-ascii", "{\"aps\":{\"alert\":\"Gr\u{fc}ezi \u{1f514}\"}}".into()),
        ("not-utf-8", b"{\"a\":\"\xff\"}".to_vec()),
        ("list", b"[1,\"2\"]".to_vec()),
        ("number", b"1e999".to_vec()),
        ("two", b"{} {}".to_vec()),
        ("deep", [b"{\"a\":".repeat(30), b"{}".to_vec(), b"}".repeat(30)].concat()),
        ("deeper", b"[".repeat(150)),
        ("lone-surrogate", br#"{"a":"\ud83d"}"#.to_vec()),
        ("byte-order-mark", "\u{feff}{}".into()),
        ("too-large", [b"{}".to_vec(), b" ".repeat(199)].concat()),
    ])
}

/// The conversations of the vectors.
fn http2() -> Seeds {
    let vectors = http2_vectors();
    let each = vectors["conversations"].as_array().expect("a list").iter().enumerate();
    let streams =
        each.map(|(number, vector)| (format!("vector-{number}"), hex(vector["hex"].as_str().expect("a text"))));
    cut(&[255, 7], streams.collect())
}

/// The examples of RFC 7541.
fn hpack() -> Seeds {
    let vectors = http2_vectors();
    let each = vectors["hpack"].as_array().expect("a list").iter().enumerate();
    each.map(|(number, example)| {
        let blocks = example["blocks"].as_array().expect("a list").iter();
        let bytes = blocks.flat_map(|block| {
            let block = hex(block["hex"].as_str().expect("a text"));
            [vec![block.len() as u8], block].concat()
        });
        (format!("example-{number}"), bytes.collect())
    })
    .collect()
}

fn http2_vectors() -> Value {
    serde_json::from_str(include_str!("../../tests/vectors/http2.json")).expect("the vectors are JSON")
}

/// Nothing unusual, and a slot that is in doubt is reported so.
const REPORT: Configuration = [0, 3, 0, 0];
/// In doubt is sent again, and there is room for six only.
const RESEND: Configuration = [1, 3 + 8, 0, 0];
/// Silence is success after 50 milliseconds.
const QUIET: Configuration = [0, 3 + 32, 0, 0];
/// The breaker trips at the second, and the expiration comes soon.
const HASTY: Configuration = [0, 2, 1, 1];

fn operations() -> Seeds {
    let push = [op::PUSH, 0, 7, 1];
    let push_many = [op::PUSH, 0, 228, 1];
    let push_malformed = [op::PUSH, 0, 3, 0];
    let close_input = [op::CLOSE_INPUT, 0, 0, 0];
    let stop = [op::STOP, 0, 0, 0];
    let wait = [op::WAIT, 0, 255, 7];
    let open = [op::OPEN, 0, 0, 0];
    let round = [op::ROUND, 0, 0, 0];
    // On the newest connection, or on the one before it.
    let (write, write_before) = ([op::WRITE, 0, 0, 0], [op::WRITE, 1, 0, 0]);
    let (write_little, write_little_before) = ([op::WRITE_LITTLE, 0, 1, 0], [op::WRITE_LITTLE, 1, 1, 0]);
    let (send, send_before) = ([op::SEND, 0, 0, 0], [op::SEND, 1, 0, 0]);
    let send_half = [op::SEND_PART, 0, 128, 0];
    let process = |count| [op::PROCESS, 0, count, 0];
    let refuse = |which, after| [op::REFUSE, 0, which, after];
    let refuse_before = |which| [op::REFUSE, 1, which, 0];
    let close = [op::CLOSE, 0, 0, 0];
    let tick = [op::TICK, 0, 1, 0];
    let (invalid, passing, missing_payload) = (0, 3, 9);
    let cases: [(&str, Configuration, &[Operation]); 22] = [
        ("all-accepted", REPORT, &[push, push_malformed, close_input, open, write, send, process(7), process(7)]),
        ("late-tokens", REPORT, &[open, write, push, write, wait, write, push, close_input, write]),
        ("refused-twice", REPORT, &[push, round, refuse(invalid, 2), round, process(7), refuse(invalid, 0), round]),
        ("passing", REPORT, &[push, round, refuse(passing, 0), wait, round, process(7)]),
        ("exhausted", [0, 1, 0, 0], &[push, round, refuse(passing, 0), wait]),
        ("payload-refused", REPORT, &[push, push, round, refuse(missing_payload, 3)]),
        ("shutdown", REPORT, &[push, round, [op::SHUT_DOWN, 0, 3, 4], round]),
        ("cut-in-doubt", REPORT, &[push, open, write, send_half, process(1), close]),
        ("cut-and-sent-again", RESEND, &[push, open, write, send_half, process(1), close, round, process(7)]),
        (
            "accepted-and-lost-then-failing",
            [0, 2 + 8, 0, 0],
            &[push, round, process(1), close, round, refuse(passing, 0)],
        ),
        (
            "two-links",
            RESEND,
            &[
                push,
                open,
                open,
                write_little_before,
                write_little,
                write_little_before,
                send_before,
                send,
                process(1),
                refuse_before(invalid),
                write,
                send,
                process(7),
                write_before,
            ],
        ),
        ("strange", REPORT, &[push, round, process(3), [op::SAY_STRANGE, 0, 2, 3]]),
        ("lie", REPORT, &[push, round, process(3), [op::LIE, 0, 0, 5], round]),
        ("stopped", REPORT, &[push, open, write_little, send, process(1), stop, process(7)]),
        ("no-answer", REPORT, &[push, round, wait, wait, tick, process(7)]),
        ("breaker", HASTY, &[push, round, refuse(invalid, 0), round, refuse(invalid, 0), push]),
        (
            "far-ahead",
            REPORT,
            &[push, round, refuse(invalid, 0), push_many, round, process(7), tick, wait, write, send],
        ),
        ("shares", [5, 3, 0, 0], &[push_many, round, round, process(7), close, write_before, send_before, round]),
        ("quiet", QUIET, &[push, round, process(7), wait, tick]),
        ("quiet-refused-late", QUIET, &[push, round, wait, tick, refuse(invalid, 3), round]),
        ("quiet-shutdown-late", QUIET, &[push, round, wait, tick, push, write, [op::SHUT_DOWN, 0, 3, 4], round]),
        ("expired", HASTY, &[push, open, write_little, send, wait, wait, push, tick, open]),
    ];
    cases
        .into_iter()
        .map(|(name, configuration, operations)| {
            (name.to_string(), std::iter::once(&configuration).chain(operations).flatten().copied().collect())
        })
        .collect()
}

/// What an old client may live through.
fn conversation() -> Seeds {
    use crate::conversing::op::{
        ACCEPT_ALL, ARRIVE, ARRIVE_ALL, END_INPUT, END_RUN, SETTLE, STOP, WITHDRAW, WRITE, WRITE_RAW,
    };
    // Command, and token with payload: of command 2, of command 1, of command 0, of command 2 without an identifier.
    let write = |n: u8| [WRITE, 0, 1, 0x24 + n];
    let enhanced = |n: u8| [WRITE, 0, 5, 0x24 + n];
    let simple = |n: u8| [WRITE, 0, 0, 0x24 + n];
    let nameless = |n: u8| [WRITE, 0, 0x81, 0x24 + n];
    let other = |operation: [u8; 4]| [operation[0], 1, operation[2], operation[3]];
    let arrive = [ARRIVE_ALL, 0, 0, 0];
    let some = |bytes| [ARRIVE, 0, bytes, 0];
    let accept = [ACCEPT_ALL, 0, 0, 0];
    let settle = |which, verdict| [SETTLE, 0, which, verdict];
    let (dropped, shutdown, refused) = (3, 4, 7);
    let (end, end_run, stop, withdraw) =
        ([END_INPUT, 0, 0, 0], [END_RUN, 0, 0, 0], [STOP, 0, 0, 0], [WITHDRAW, 0, 0, 0]);
    let cases: [(&str, &[[u8; 4]]); 13] = [
        ("accepted", &[write(0), write(1), arrive, accept]),
        ("cut-anywhere", &[write(0), enhanced(1), some(3), some(20), settle(0, 0), some(9), arrive, accept]),
        (
            "refused-and-again",
            &[write(0), write(1), write(2), arrive, settle(0, refused), accept, write(1), write(2), arrive],
        ),
        ("refused-twice", &[write(0), write(1), write(2), arrive, settle(2, refused), settle(0, refused), accept]),
        (
            "twice-on-purpose",
            &[write(1), write(0), write(1), arrive, settle(1, refused), accept, write(1), write(1), arrive],
        ),
        ("dropped", &[write(0), write(1), arrive, settle(0, dropped), accept, write(2), arrive, accept]),
        ("shutdown", &[nameless(0), enhanced(1), arrive, settle(1, shutdown), settle(0, 0)]),
        ("stopped", &[write(0), write(1), arrive, settle(1, 0), stop]),
        ("command-0", &[simple(0), simple(1), arrive, settle(0, refused), simple(2), arrive, accept]),
        ("mixed", &[enhanced(0), simple(1), simple(2), arrive, settle(1, refused), accept, enhanced(3), arrive, stop]),
        (
            "two-connections",
            &[
                write(0),
                write(1),
                other(write(1)),
                arrive,
                other(arrive),
                settle(0, refused),
                accept,
                other(write(1)),
                other(arrive),
                other(accept),
                withdraw,
            ],
        ),
        ("closed-its-side", &[write(0), write(1), arrive, end, write(2), arrive, settle(0, refused), accept, withdraw]),
        ("nonsense", &[write(0), end_run, write(1), [WRITE_RAW, 0, 9, 9], arrive, accept]),
    ];
    named(cases.map(|(name, operations)| (name, operations.concat())))
}
