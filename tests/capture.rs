//! Captures: every format, every link type, segments in any order, and what was found.

#![allow(clippy::indexing_slicing, reason = "a test that reaches beyond what is there fails, as it should")]

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

mod chance;
mod traffic;

use bellpush::binary::ErrorResponse;
use bellpush::binary::feedback::Tuple;
use bellpush::binary::frame::{Command, Frame};
use bellpush::capture::classify::Kind;
use bellpush::capture::diagnosis::Fate;
use bellpush::capture::file::{FileError, Format};
use bellpush::capture::finding::Finding;
use bellpush::capture::view::{Overview, Query, Summary, View};
use bellpush::capture::{Capture, stream};
use bellpush::notification::DeviceToken;
use bellpush::outcome::Reason;

use chance::Chance;
use traffic::{
    ACK, ETHERNET, FIN, GATEWAY, PROVIDER, Pcap, RST, SYN, Sent, block, connection, ethernet_file, pcapng, sent,
};

fn view(file: &[u8]) -> View {
    let mut capture = Capture::default();
    capture.push(file);
    View::new(capture)
}

fn overview(file: &[u8]) -> Overview {
    view(file).overview()
}

/// What was found in the connection of this index.
fn findings(file: &[u8], connection: usize) -> Vec<Finding> {
    overview(file).connections.swap_remove(connection).findings
}

const PAYLOAD: &[u8] = br#"{"aps":{"alert":"Hi"}}"#;

fn token(number: u32) -> [u8; 32] {
    let mut token = [0xab; 32];
    token[28..].copy_from_slice(&number.to_be_bytes());
    token
}

fn frame(command: Command, number: u32) -> Vec<u8> {
    let identifier = (command != Command::Simple).then_some(number);
    let (token, payload) = (token(number).to_vec().into(), PAYLOAD.into());
    let mut out = Vec::new();
    let frame = Frame { command, identifier, expiration: None, priority: None, token, payload };
    frame.encode(&mut out).expect("short");
    out
}

/// Frames of command 2 with the identifiers and tokens from `first` to `last`.
fn frames(first: u32, last: u32) -> Vec<u8> {
    (first..=last).flat_map(|number| frame(Command::Items, number)).collect()
}

fn error(status: u8, identifier: u32) -> [u8; 6] {
    ErrorResponse { status, identifier }.encode()
}

// ---- files ----

#[test]
fn pcap_of_either_byte_order_and_resolution() {
    for (big, nano) in [(false, false), (false, true), (true, false), (true, true)] {
        let packets = connection(PROVIDER, &frames(1, 3), &[]);
        let file = Pcap { big, nano, link: 1 }.file(&packets.iter().map(Sent::ethernet).collect::<Vec<_>>());
        let view = view(&file);
        assert_eq!(view.overview().format, Some(Format::Pcap));
        let parts = view.parts(0, 0, 10);
        assert_eq!(parts.len(), 3);
        assert_eq!((parts[0].packet, parts[0].time), (3, 1_600_000_000_002.0));
    }
}

#[test]
fn pcapng_of_either_byte_order_with_blocks_that_are_passed_over() {
    for big in [false, true] {
        let packets: Vec<_> = connection(PROVIDER, &frames(1, 3), &[]).iter().map(Sent::ethernet).collect();
        let view = view(&pcapng(big, 1, &packets));
        assert_eq!((view.overview().format, view.overview().failure), (Some(Format::Pcapng), None));
        let parts = view.parts(0, 0, 10);
        assert_eq!(parts.len(), 3);
        assert_eq!((parts[0].packet, parts[0].time), (3, 1_600_000_000_002.0));
    }
}

#[test]
fn a_second_section_has_its_own_interfaces_and_simple_packets_are_read() {
    let packets = connection(PROVIDER, &frames(1, 2), &[]);
    let (first, second) = packets.split_at(3);
    let mut file = pcapng(false, 1, &first.iter().map(Sent::ethernet).collect::<Vec<_>>());
    file.extend(pcapng(true, 101, &[]));
    for packet in second {
        let ip = packet.ipv4();
        file.extend(block(true, 3, &[(ip.len() as u32).to_be_bytes().as_slice(), &ip].concat()));
    }
    assert_eq!(view(&file).parts(0, 0, 10).len(), 2);
}

#[test]
fn the_same_wherever_the_file_is_cut() {
    let packets: Vec<_> = connection(PROVIDER, &frames(1, 3), &error(8, 2)).iter().map(Sent::ethernet).collect();
    for file in [ETHERNET.file(&packets), pcapng(true, 1, &packets), frames(1, 3)] {
        let expected = format!("{:?}", overview(&file));
        let mut capture = Capture::default();
        file.chunks(1).for_each(|byte| capture.push(byte));
        assert_eq!(format!("{:?}", View::new(capture).overview()), expected);
    }
}

#[test]
fn every_link_type() {
    let packets = connection(PROVIDER, &frames(1, 3), &[]);
    let behind =
        |head: Vec<u8>| packets.iter().map(|sent| [head.as_slice(), &sent.ipv4()].concat()).collect::<Vec<_>>();
    let cooked = |kind: u16| [[0; 14].as_slice(), &kind.to_be_bytes()].concat();
    let cases = [
        (0, behind(vec![2, 0, 0, 0])),
        (108, behind(vec![0, 0, 0, 2])),
        (1, behind([[2; 12].as_slice(), &[0x81, 0, 0, 7, 8, 0]].concat())),
        (1, behind([[2; 12].as_slice(), &[0x88, 0xa8, 0, 7, 0x81, 0, 0, 8, 8, 0]].concat())),
        (113, behind(cooked(0x0800))),
        (276, behind([[8, 0].as_slice(), &[0; 18]].concat())),
        (101, behind(vec![])),
        (12, behind(vec![])),
        (228, behind(vec![])),
        (101, packets.iter().map(Sent::ipv6).collect()),
        (229, packets.iter().map(Sent::ipv6).collect()),
    ];
    for (link, packets) in cases {
        let view = view(&Pcap { link, ..ETHERNET }.file(&packets));
        assert_eq!(view.parts(0, 0, 10).len(), 3, "link type {link}: {:?}", view.overview());
    }
}

#[test]
fn what_is_no_tcp_is_counted_by_its_reason() {
    let whole = connection(PROVIDER, &frames(1, 1), &[]).remove(2);
    let mut udp = whole.ethernet();
    udp[23] = 17;
    let mut fragment = whole.ethernet();
    fragment[20] = 0x20;
    let mut arp = whole.ethernet();
    arp[13] = 6;
    let passed = overview(&ETHERNET.file(&[udp, fragment, arp, whole.ethernet()[..40].to_vec()])).passed;
    assert_eq!((passed.other, passed.fragments, passed.malformed), (2, 1, 1));
    let passed = overview(&Pcap { link: 147, ..ETHERNET }.file(&[whole.ethernet()])).passed;
    assert_eq!(passed.link_type, 1);
}

#[test]
fn a_packet_that_was_cut_leaves_a_gap() {
    let packets = connection(PROVIDER, &frames(1, 40), &[]);
    let mut file = ETHERNET.head();
    for (index, packet) in packets.iter().map(Sent::ethernet).enumerate() {
        let kept = &packet[..packet.len().min(if index == 2 { 500 } else { 9_999 })];
        file.extend(ETHERNET.record(index as u32, kept, packet.len()));
    }
    assert_eq!(overview(&file).passed.cut, 1);
    let (headers, offset) = (54, 500 - 54);
    let missing = Finding::Missing { direction: 0, offset, length: 1_400 - offset };
    assert!(findings(&file, 0).contains(&missing), "{headers} bytes are headers: {:?}", findings(&file, 0));
}

#[test]
fn a_file_that_cannot_be_read_further_says_where_and_keeps_what_came_before() {
    let good = ethernet_file(&connection(PROVIDER, &frames(1, 3), &[]));
    let offset = good.len() as u64;
    let with = |more: &[u8]| overview(&[good.as_slice(), more].concat());
    let long = with(&[[0; 8].as_slice(), &0x0010_0000u32.to_le_bytes(), &[0; 4]].concat());
    assert_eq!(long.failure, Some(FileError::PacketTooLong { offset, declared: 0x0010_0000 }));
    assert_eq!(long.connections[0].parts, 3);
    assert_eq!(with(&[1, 2, 3]).failure, Some(FileError::Truncated { offset: offset + 3 }));
    let odd = overview(&[pcapng(false, 1, &[]), vec![6, 0, 0, 0, 13, 0, 0, 0]].concat());
    assert!(matches!(odd.failure, Some(FileError::BlockLength { declared: 13, .. })));
}

// ---- streams ----

/// The first direction's bytes, and the findings.
fn together(packets: &[Sent]) -> (Vec<u8>, Vec<Finding>) {
    let view = view(&ethernet_file(packets));
    let overview = view.overview();
    let connection = overview.connections.into_iter().next().expect("one");
    let [length, _] = connection.lengths;
    (view.bytes(0, 0, 0, length as usize).to_vec(), connection.findings)
}

#[test]
fn segments_out_of_order_again_and_overlapping_are_put_together() {
    let said = frames(1, 2);
    let piece = |from: usize, to: usize| sent(PROVIDER, GATEWAY, 1_000 + from as u32, ACK, &said[from..to]);
    let syn = sent(PROVIDER, GATEWAY, 999, SYN, &[]);
    let packets = [syn, piece(60, 100), piece(0, 40), piece(0, 40), piece(20, 70), piece(90, said.len())];
    assert_eq!(together(&packets).0, said);
}

#[test]
fn numbers_wrap() {
    let said = frames(1, 30);
    let first = u32::MAX - 700;
    let mut packets = vec![sent(PROVIDER, GATEWAY, first.wrapping_sub(1), SYN, &[])];
    for (index, piece) in said.chunks(500).enumerate() {
        packets.push(sent(PROVIDER, GATEWAY, first.wrapping_add(index as u32 * 500), ACK, piece));
    }
    packets.swap(2, 4);
    assert_eq!(together(&packets).0, said);
}

#[test]
fn a_segment_that_comes_again_with_other_bytes_changes_nothing_and_is_said() {
    let said = frames(1, 1);
    let other = vec![0xee; said.len()];
    let packets = [
        sent(PROVIDER, GATEWAY, 999, SYN, &[]),
        sent(PROVIDER, GATEWAY, 1_000, ACK, &said),
        sent(PROVIDER, GATEWAY, 1_000, ACK, &other),
    ];
    let (bytes, found) = together(&packets);
    assert_eq!(bytes, said);
    assert!(found.contains(&Finding::Contradicted { direction: 0, segments: 1 }));
}

#[test]
fn a_connection_that_was_there_before_begins_with_its_first_bytes_and_is_said() {
    let said = frames(1, 60);
    let mut packets: Vec<_> = said
        .chunks(700)
        .enumerate()
        .map(|(index, piece)| sent(PROVIDER, GATEWAY, 77_000 + index as u32 * 700, ACK, piece))
        .collect();
    packets.swap(0, 1);
    let (bytes, found) = together(&packets);
    assert_eq!(bytes, said);
    assert!(found.contains(&Finding::Midway { direction: 0 }));
    // In the middle of a frame: reading begins with the next one.
    let view = view(&ethernet_file(&packets[2..]));
    assert!(view.parts(0, 1, 1)[0].identifier.is_some());
}

#[test]
fn what_never_came_is_said_and_reading_goes_on_behind_it() {
    let said = frames(1, 60);
    let mut packets = connection(PROVIDER, &said, &[]);
    packets.remove(3);
    let view = view(&ethernet_file(&packets));
    let connection = &view.overview().connections[0];
    assert!(connection.findings.contains(&Finding::Missing { direction: 0, offset: 1_400, length: 1_400 }));
    assert_eq!(connection.lengths[0], said.len() as u64);
    let last = &view.parts(0, connection.parts - 1, 1)[0];
    assert_eq!((last.identifier, last.offset), (Some(60), (said.len() - frames(60, 60).len()) as u64));
}

#[test]
fn what_is_missing_at_the_end_is_said_where_the_end_is_known() {
    let said = frames(1, 40);
    let mut packets = connection(PROVIDER, &said, &[]);
    let last = packets.len() - 3;
    let missing = packets.remove(last).data.len() as u64;
    let offset = said.len() as u64 - missing;
    assert!(together(&packets).1.contains(&Finding::Missing { direction: 0, offset, length: missing }));
}

#[test]
fn a_port_that_is_used_again_is_another_connection() {
    let mut packets = connection(PROVIDER, &frames(1, 2), &[]);
    let again = connection(PROVIDER, &frames(3, 3), &[]);
    packets.extend(again.into_iter().map(|sent| Sent { sequence: sent.sequence + 1_000_000, ..sent }));
    let connections = overview(&ethernet_file(&packets)).connections;
    assert_eq!(connections.iter().map(|each| each.parts).collect::<Vec<_>>(), [2, 1]);
}

#[test]
fn the_opener_is_the_first_end_also_where_its_answer_was_captured_first() {
    let mut packets = connection(PROVIDER, &frames(1, 1), &[]);
    packets.swap(0, 1);
    let ends = overview(&ethernet_file(&packets)).connections.remove(0).ends.expect("two");
    let local = format!("{}ffff7f000001", "0".repeat(20));
    assert_eq!(ends, [format!("{local}c350"), format!("{local}0893")]);
}

#[test]
fn what_is_held_for_a_missing_segment_is_bounded() {
    let mut capture = Capture::default();
    let mut file = ethernet_file(&[sent(PROVIDER, GATEWAY, 999, SYN, &[])]);
    let data = vec![7; 1_400];
    for index in 0..2 * stream::MAX_HELD / data.len() {
        let late = sent(PROVIDER, GATEWAY, 5_000 + (index * data.len()) as u32, ACK, &data);
        file.extend(ETHERNET.record(0, &late.ethernet(), 1_454));
    }
    capture.push(&file);
    assert!(capture.connections[0].directions[0].bytes.len() > stream::MAX_HELD / 2, "given up before the end");
}

#[test]
fn there_is_room_for_so_much_and_what_is_left_out_is_counted() {
    let said = frames(1, 60);
    let mut capture = Capture::with_room(3_000);
    capture.push(&ethernet_file(&connection(PROVIDER, &said, &[])));
    let found = View::new(capture).overview().connections.remove(0).findings;
    assert!(found.contains(&Finding::LeftOut { direction: 0, bytes: said.len() as u64 - 3_000 }));
}

/// Cut, in another order, some twice, some lost: the original, or exactly what is missing.
#[test]
fn whatever_happens_on_the_way_it_is_the_original_or_says_what_is_missing() {
    for seed in 0..300 {
        let mut chance = Chance(seed);
        let count = 1 + chance.below(4_000);
        let said = chance.bytes(count);
        let first = chance.number() as u32;
        let mut offset = 0;
        let mut packets: Vec<(usize, Vec<u8>)> = Vec::new();
        for piece in chance.pieces(&said, 300) {
            packets.push((offset, piece.to_vec()));
            offset += piece.len();
        }
        let mut there = vec![false; said.len()];
        let lossy = chance.once_in(2);
        let mut sequence: Vec<Sent> = Vec::new();
        for (offset, piece) in packets {
            if lossy && chance.once_in(6) {
                continue;
            }
            let end = (offset + piece.len() + chance.below(50)).min(said.len());
            let from = offset - chance.below(offset.min(50) + 1);
            for _ in 0..1 + chance.below(2) {
                let number = first.wrapping_add(1 + from as u32);
                sequence.push(sent(PROVIDER, GATEWAY, number, ACK, &said[from..end]));
            }
            there[from..end].fill(true);
        }
        for _ in 0..sequence.len() {
            let (a, b) = (chance.below(sequence.len()), chance.below(sequence.len()));
            sequence.swap(a, b);
        }
        let end = first.wrapping_add(1 + said.len() as u32);
        sequence.insert(0, sent(PROVIDER, GATEWAY, first, SYN, &[]));
        sequence.push(sent(PROVIDER, GATEWAY, end, ACK | FIN, &[]));
        let mut capture = Capture::default();
        for piece in chance.pieces(&ethernet_file(&sequence), 3_000) {
            capture.push(piece);
        }
        capture.finish();
        let direction = &capture.connections[0].directions[0];
        let expected: Vec<u8> = said.iter().zip(&there).filter(|(_, there)| **there).map(|(byte, _)| *byte).collect();
        let unread = expected.len() >= Kind::ENOUGH && !capture.connections[0].kinds[0].is_read();
        if !unread {
            assert_eq!(direction.bytes, expected, "seed {seed}");
        }
        let mut said_missing = vec![true; said.len()];
        for (offset, length) in direction.gaps() {
            said_missing[offset as usize..(offset + length) as usize].fill(false);
        }
        if !unread {
            assert_eq!(said_missing, there, "seed {seed}");
        }
        assert_eq!(direction.contradicted, 0, "seed {seed}");
    }
}

// ---- what they carry ----

#[test]
fn each_direction_is_what_it_looks_like() {
    let tls = [0x16, 3, 1, 0, 0xc8, 1, 0, 0, 0xc4, 3, 3];
    let tuple = |number| {
        let mut out = Vec::new();
        Tuple { time: 1_600_000_000, token: DeviceToken::from_bytes(&token(number)).expect("32 bytes") }
            .encode(&mut out);
        out
    };
    let settings = [0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 100];
    for (said, answered, kinds) in [
        (frames(1, 2), error(8, 2).to_vec(), [Kind::Frames, Kind::ErrorResponses]),
        (frame(Command::Simple, 1), vec![], [Kind::Frames, Kind::Empty]),
        (vec![], [tuple(1), tuple(2)].concat(), [Kind::Empty, Kind::Feedback]),
        (tls.to_vec(), tls.to_vec(), [Kind::Tls, Kind::Tls]),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), settings.to_vec(), [Kind::Http2, Kind::Http2]),
        (b"GET / HTTP/1.1\r\n\r\n".to_vec(), b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), [Kind::Other, Kind::Other]),
    ] {
        assert_eq!(overview(&ethernet_file(&connection(PROVIDER, &said, &answered))).connections[0].kinds, kinds);
    }
    assert!(findings(&ethernet_file(&connection(PROVIDER, &tls, &tls)), 0).contains(&Finding::Encrypted));
}

#[test]
fn a_stream_by_itself_needs_no_packets() {
    for (bytes, kind) in [(frames(1, 3), Kind::Frames), (error(8, 1).to_vec(), Kind::ErrorResponses)] {
        let overview = overview(&bytes);
        assert_eq!((overview.format, overview.failure), (None, None));
        assert_eq!(overview.connections[0].kinds[0], kind);
    }
}

// ---- what went wrong ----

#[test]
fn what_was_discarded_and_never_sent_again() {
    let file = ethernet_file(&connection(PROVIDER, &frames(1, 20), &error(8, 5)));
    let rejected = Finding::Rejected {
        entry: 4,
        response: 20,
        identifier: 5,
        status: 8,
        before: 4,
        discarded: 15,
        first: Some(6),
        last: Some(20),
        again: 0,
    };
    assert_eq!(findings(&file, 0), [rejected]);
    let view = view(&file);
    let fates: Vec<_> = view.parts(0, 3, 3).iter().map(|part| part.fate).collect();
    assert_eq!(fates, [Some(Fate::Accepted), Some(Fate::Rejected), Some(Fate::Discarded)]);
    assert_eq!(view.overview().connections[0].fates, [0, 4, 1, 15]);
}

#[test]
fn what_was_discarded_and_sent_again_on_the_next_connection() {
    let mut packets = connection(PROVIDER, &frames(1, 20), &error(8, 5));
    packets.extend(connection(PROVIDER + 1, &frames(6, 15), &[]));
    let found = findings(&ethernet_file(&packets), 0);
    assert!(matches!(found[..], [Finding::Rejected { discarded: 15, again: 10, .. }]), "{found:?}");
}

#[test]
fn status_10_names_the_last_that_was_accepted() {
    let file = ethernet_file(&connection(PROVIDER, &frames(1, 9), &error(10, 7)));
    let found = findings(&file, 0);
    let first_and_last = (Some(8), Some(9));
    assert!(
        matches!(found[..], [Finding::Shutdown { identifier: 7, before: 7, discarded: 2, first, last, .. }]
            if (first, last) == first_and_last),
        "{found:?}"
    );
}

#[test]
fn a_token_that_is_shorter_than_it_says_is_why_status_4() {
    for command in [Command::Simple, Command::Enhanced, Command::Items] {
        let mut broken = frame(command, 2);
        let at = broken.windows(4).position(|window| window == [0xab; 4]).expect("the token");
        broken.remove(at);
        let said = [frame(command, 1), broken, frame(command, 3)].concat();
        let view = view(&ethernet_file(&connection(PROVIDER, &said, &error(4, 0))));
        let found = &view.overview().connections[0].findings;
        assert!(
            found.iter().any(|finding| matches!(
                finding,
                Finding::WrongLength { entry: 1, token: true, declared: 32, actual: 31, status: Some(4), .. }
            )),
            "{command:?}: {found:?}"
        );
        let length = view.parts(0, 1, 1)[0]
            .fields
            .iter()
            .find(|field| field.value.contains("follow"))
            .map(|field| field.value.clone());
        assert_eq!(length.as_deref(), Some("32 (31 follow)"));
        let lengths: usize = view.parts(0, 1, 1)[0].fields.iter().map(|field| field.length).sum();
        assert_eq!(lengths, view.parts(0, 1, 1)[0].length, "fields without a gap");
        assert_eq!(view.overview().connections[0].fates, [0, 1, 1, 1], "reading goes on behind it");
    }
}

#[test]
fn a_frame_with_a_wrong_length_ends_with_the_last_byte_that_is_there() {
    let good = frame(Command::Items, 1);
    let cut_item = [[1, 0, 33].as_slice(), &good[8..], &[4, 0, 4]].concat();
    let stream = [[2].as_slice(), &(cut_item.len() as u32).to_be_bytes(), &cut_item].concat();
    for part in view(&stream).parts(0, 0, 10) {
        assert!(part.at + part.length <= stream.len(), "{part:?}");
    }
}

#[test]
fn a_payload_whose_characters_were_counted_for_bytes() {
    let payload = "{\"aps\":{\"alert\":\"Grüezi 🔔\"}}";
    let mut said = vec![0, 0, 32];
    said.extend(token(1));
    said.extend((payload.chars().count() as u16).to_be_bytes());
    said.extend(payload.as_bytes());
    said.extend(frame(Command::Simple, 2));
    let found = findings(&said, 0);
    assert!(
        matches!(found[0], Finding::WrongLength { token: false, declared: 28, actual: 32, characters: true, .. }),
        "{found:?}"
    );
}

#[test]
fn a_sentinel_proves_all_before_it() {
    let sentinel = [2, 0, 0, 0, 0x0e, 3, 0, 4, 0, 0, 0, 4, 1, 0, 1, 0, 2, 0, 0];
    let said = [frames(1, 3), sentinel.to_vec()].concat();
    let found = findings(&ethernet_file(&connection(PROVIDER, &said, &error(5, 4))), 0);
    assert_eq!(found, [Finding::Sentinel { entry: 3, response: 4, identifier: 4, before: 3 }]);
}

#[test]
fn an_answer_about_nothing_that_was_captured() {
    let found = findings(&ethernet_file(&connection(PROVIDER, &frames(1, 3), &error(8, 99))), 0);
    assert_eq!(found, [Finding::UnknownIdentifier { response: 3, identifier: 99, status: 8 }]);
}

#[test]
fn an_answer_by_itself_is_about_nothing_that_could_be_there() {
    assert_eq!(findings(&error(8, 7), 0), []);
}

#[test]
fn a_connection_that_ends_without_a_word() {
    let mut packets = connection(PROVIDER, &frames(1, 3), &[]);
    let ends = packets.len() - 2;
    packets.truncate(ends);
    packets.push(sent(GATEWAY, PROVIDER, 5_000, RST | ACK, &[]));
    assert_eq!(findings(&ethernet_file(&packets), 0), [Finding::CutOff { sent: 3, reset: true }]);
    let quiet = ethernet_file(&connection(PROVIDER, &frames(1, 3), &[]));
    assert_eq!(findings(&quiet, 0), [Finding::Silence { sent: 3 }]);
}

#[test]
fn payloads_that_are_too_long_and_identifiers_that_come_twice() {
    let payload = format!("{{\"a\":\"{}\"}}", "x".repeat(300));
    let long = Frame {
        command: Command::Enhanced,
        identifier: Some(1),
        expiration: Some(0),
        priority: None,
        token: token(1).to_vec().into(),
        payload: payload.into_bytes().into(),
    };
    let mut said = Vec::new();
    long.encode(&mut said).expect("short enough for its length");
    said.extend(frame(Command::Items, 1));
    let found = findings(&said, 0);
    let (entry, identifier) = (0, Some(1));
    assert!(found.contains(&Finding::PayloadTooLong { entry, identifier, bytes: 308, limit: 256 }), "{found:?}");
    assert!(found.contains(&Finding::IdentifierTwice { entry: 1, identifier: 1 }));
}

#[test]
fn a_feedback_stream_that_lost_a_byte() {
    let mut tuples: Vec<u8> = Vec::new();
    for number in 0..5 {
        let token = DeviceToken::from_bytes(&token(number)).expect("32 bytes");
        Tuple { time: 1_600_000_000 + number, token }.encode(&mut tuples);
    }
    tuples.remove(2 * 38 + 10);
    let view = view(&tuples);
    let found = &view.overview().connections[0].findings;
    assert!(found.contains(&Finding::FeedbackLost { entry: 2, offset: 76, lost: 1 }), "{found:?}");
    assert_eq!(view.overview().connections[0].parts, 5);
}

#[test]
fn a_stream_that_ends_inside_of_a_frame() {
    let mut said = frames(1, 2);
    said.truncate(said.len() - 5);
    let found = findings(&said, 0);
    assert!(matches!(found[..], [Finding::Cut { entry: 1, .. }]), "{found:?}");
}

// ---- asking ----

/// A frame of HTTP/2.
fn http2(kind: u8, flags: u8, stream: u32, body: &[u8]) -> Vec<u8> {
    [&(body.len() as u32).to_be_bytes()[1..], &[kind, flags], &stream.to_be_bytes(), body].concat()
}

/// HEADERS whose fields are written out and remembered by nobody.
fn headers(stream: u32, fields: &[(&str, &str)]) -> Vec<u8> {
    let text = |text: &str| [&[text.len() as u8], text.as_bytes()].concat();
    let block: Vec<u8> = fields.iter().flat_map(|(name, value)| [vec![0], text(name), text(value)].concat()).collect();
    http2(1, 4, stream, &block)
}

/// A request to the nth token, and its answer.
fn exchange(stream: u32, status: &str, body: &[u8]) -> [Vec<u8>; 2] {
    let path = format!("/3/device/{stream:064x}");
    let request = [headers(stream, &[(":method", "POST"), (":path", &path)]), http2(0, 1, stream, PAYLOAD)].concat();
    [request, [headers(stream, &[(":status", status)]), http2(0, 1, stream, body)].concat()]
}

#[test]
fn requests_over_http2_and_their_answers() {
    let preface = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".as_slice(), &http2(4, 0, 0, &[])].concat();
    let exchanges = [
        exchange(1, "200", b""),
        exchange(3, "400", br#"{"reason":"BadDeviceToken"}"#),
        exchange(5, "410", br#"{"reason":"NewOne"}"#),
        exchange(7, "", b""),
        exchange(9, "", b""),
    ];
    let said = exchanges.iter().map(|[request, _]| request.as_slice());
    let said = [&preface, said.collect::<Vec<_>>().concat().as_slice()].concat();
    let answers = exchanges.iter().take(3).map(|[_, answer]| answer.as_slice());
    let settings = http2(4, 0, 0, &[0, 3, 0, 0, 3, 0xe8]);
    let go_away = http2(7, 0, 0, &[0, 0, 0, 7, 0, 0, 0, 0]);
    let answered = [&settings, answers.collect::<Vec<_>>().concat().as_slice(), &go_away].concat();
    let view = view(&ethernet_file(&connection(PROVIDER, &said, &answered)));
    let Summary { kinds, fates, findings, parts, .. } = view.overview().connections.swap_remove(0);
    assert_eq!(kinds, [Kind::Http2; 2]);
    assert_eq!(fates, [1, 1, 2, 1], "unknown, accepted, rejected, discarded");
    let reason = Reason::http2_named(b"BadDeviceToken").map(|reason| reason.0);
    assert_eq!(
        findings,
        [
            Finding::Refused { entry: 4, response: 15, stream: 3, status: 400, reason },
            Finding::Refused { entry: 6, response: 17, stream: 5, status: 410, reason: None },
            Finding::GoAway { response: 19, last: 7, code: 0, unprocessed: 1 },
            Finding::Http2 { accepted: 1, rejected: 2, unanswered: 1 },
        ]
    );
    let all = view.parts(0, 0, parts);
    let field = |part: usize, name: &str| all[part].fields.iter().find(|field| field.name == name).map(|f| &f.value);
    assert_eq!(field(4, "headers"), Some(&format!(":method: POST\n:path: /3/device/{:064x}", 3)));
    assert_eq!(field(12, "setting"), Some(&"3 (MAX_CONCURRENT_STREAMS): 1000".to_string()));
    assert_eq!((all[5].payload_limit, all[16].payload_limit), (Some(4_096), None));
    assert_eq!((all[4].status, all[4].fate), (Some(400), Some(Fate::Rejected)));
    let query = Query { token: Some(token_of(3).to_vec()), ..Query::default() };
    assert_eq!(view.find(0, &query, 10), [4]);
}

fn token_of(number: u8) -> [u8; 32] {
    let mut token = [0; 32];
    token[31] = number;
    token
}

#[test]
fn headers_behind_a_gap_stay_packed_and_the_frames_are_read_all_the_same() {
    let requests: Vec<_> = (0..40)
        .map(|index| {
            let [request, _] = exchange(2 * index + 1, "200", b"");
            request
        })
        .collect();
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    let mut packets = connection(PROVIDER, &[preface, requests.concat()].concat(), &[]);
    packets.remove(4);
    let view = view(&ethernet_file(&packets));
    let parts = view.parts(0, 0, 200);
    let headers = parts.iter().filter(|part| part.fields.iter().any(|field| field.name == "headers"));
    let packed = headers.filter(|part| part.fate.is_none()).count();
    assert!(packed > 5, "{packed} behind the gap");
    assert!(parts.iter().any(|part| part.fate.is_some()));
}

#[test]
fn parts_are_found_by_token_identifier_and_status() {
    let view = view(&ethernet_file(&connection(PROVIDER, &frames(1, 20), &error(8, 5))));
    let find = |query: Query| view.find(0, &query, 100);
    assert_eq!(find(Query { identifier: Some(7), ..Query::default() }), [6]);
    assert_eq!(find(Query { status: Some(8), ..Query::default() }), [4, 20]);
    assert_eq!(find(Query { token: Some(token(9).to_vec()), ..Query::default() }), [8]);
    assert_eq!(find(Query::default()).len(), 21);
}
