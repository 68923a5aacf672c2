//! What is used once in a while: checks, single frames, explanations.

use bytes::Bytes;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::binary::explain::{self, Kind};
use crate::binary::feedback;
use crate::binary::frame::{Command, Frame};
use crate::notification::{DeviceToken, Payload, Priority};
use crate::outcome::{HTTP2, NAMES, Reason};

use super::failure::failure;

/// A token's canonical text: lower-case hexadecimal.
#[wasm_bindgen(js_name = normalizeToken)]
pub fn normalize_token(text: &str) -> Result<String, JsValue> {
    DeviceToken::from_hex(text.as_bytes()).map(|token| token.to_string()).map_err(failure)
}

/// Throws where the bytes are no payload of at most `limit` bytes.
#[wasm_bindgen(js_name = checkPayload)]
pub fn check_payload(payload: &[u8], limit: usize) -> Result<(), JsValue> {
    Payload::parse(payload, limit).map(drop).map_err(failure)
}

/// One frame of command 0, 1 or 2; any other command is taken for 2.
#[wasm_bindgen(js_name = encodeFrame)]
pub fn encode_frame(
    command: u8,
    token: &str,
    payload: &[u8],
    identifier: Option<u32>,
    expiration: Option<u32>,
    priority: Option<u8>,
) -> Result<Vec<u8>, JsValue> {
    let token = DeviceToken::from_hex(token.as_bytes()).map_err(failure)?;
    let (command, limit) = match command {
        0 => (Command::Simple, Payload::LEGACY_LIMIT),
        1 => (Command::Enhanced, Payload::LEGACY_LIMIT),
        _ => (Command::Items, Payload::BINARY_LIMIT),
    };
    let payload = Payload::parse(payload, limit).map_err(failure)?;
    let frame = Frame {
        command,
        identifier,
        expiration,
        priority: priority.map(Priority),
        token: Bytes::copy_from_slice(token.as_bytes()),
        payload: Bytes::copy_from_slice(payload.as_bytes()),
    };
    let mut out = Vec::new();
    frame.encode(&mut out).map_err(failure)?;
    Ok(out)
}

/// One feedback tuple.
#[wasm_bindgen(js_name = encodeFeedbackTuple)]
pub fn encode_feedback_tuple(time: u32, token: &str) -> Result<Vec<u8>, JsValue> {
    let token = DeviceToken::from_hex(token.as_bytes()).map_err(failure)?;
    let mut out = Vec::new();
    feedback::Tuple { time, token }.encode(&mut out);
    Ok(out)
}

/// Every reason that has a name, as triples of code, name and HTTP status (0 where it is none of HTTP/2's).
#[wasm_bindgen(js_name = reasonNames)]
pub fn reason_names() -> Result<JsValue, JsValue> {
    let http2 =
        HTTP2.iter().filter_map(|(status, name)| Some((Reason::http2_named(name.as_bytes())?.0, *name, *status)));
    let names: Vec<(u16, &str, u16)> = NAMES.iter().map(|(reason, name)| (reason.0, *name, 0)).chain(http2).collect();
    serde_wasm_bindgen::to_value(&names).map_err(failure)
}

/// Bytes explained field by field; `kind` is `frames`, `error-responses`, `feedback` or undefined: what they look like.
#[wasm_bindgen]
pub fn explain(bytes: &[u8], kind: Option<String>) -> Result<JsValue, JsValue> {
    let kind = kind.as_deref().and_then(Kind::named);
    let explanation = explain::explain(bytes, kind);
    explanation.serialize(&serde_wasm_bindgen::Serializer::json_compatible()).map_err(failure)
}
