//! Decoding for the gateway's side (many frames a chunk) and for the feedback service, for JavaScript.

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::prelude::*;

use crate::binary::{feedback, frame, server};

use super::failure::failure;

/// Numbers for one frame: command; which fields are said (1 identifier, 2 expiration, 4 priority); identifier;
/// expiration; priority; bytes of the token; bytes of the payload; offset in the stream (low, high 32 bits).
const RECORD: usize = 9;

/// Frames from a stream of bytes, judged as a gateway judges them.
#[wasm_bindgen(js_name = FrameDecoder)]
pub struct FrameDecoder {
    decoder: frame::Decoder,
    payload_limit: usize,
    records: Vec<u32>,
    data: Vec<u8>,
    fault: Option<Fault>,
}

struct Fault {
    status: u8,
    identifier: u32,
    offset: u64,
    message: String,
}

#[wasm_bindgen(js_class = FrameDecoder)]
impl FrameDecoder {
    #[wasm_bindgen(constructor)]
    pub fn new(max_frame: usize, payload_limit: usize) -> FrameDecoder {
        FrameDecoder {
            decoder: frame::Decoder::new(max_frame),
            payload_limit,
            records: Vec::new(),
            data: Vec::new(),
            fault: None,
        }
    }

    /// Takes bytes; returns the records of the frames that they complete. After a fault it takes no more.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<u32> {
        self.records.clear();
        self.data.clear();
        if self.fault.is_none() {
            self.decoder.push(bytes);
        }
        while self.fault.is_none() {
            let offset = self.decoder.offset();
            match self.decoder.next_frame() {
                Ok(None) => break,
                Ok(Some(frame)) => self.take(&frame, offset),
                Err(error) => {
                    let answer = server::answer(&error);
                    self.fault = Some(Fault {
                        status: answer.status,
                        identifier: answer.identifier,
                        offset: error.offset,
                        message: error.problem.to_string(),
                    });
                }
            }
        }
        self.records.clone()
    }

    fn take(&mut self, frame: &frame::Frame, offset: u64) {
        if let Err(answer) = server::judge(&frame.view(), self.payload_limit) {
            let (token, payload, limit) = (frame.token.len(), frame.payload.len(), self.payload_limit);
            let message = format!(
                "expected a token of 1 to 100 bytes and a payload of 1 to {limit}, found a token of {token} and a payload \
                 of {payload}"
            );
            let (status, identifier) = (answer.status, answer.identifier);
            self.fault = Some(Fault { status, identifier, offset, message });
            return;
        }
        let said = u32::from(frame.identifier.is_some())
            | u32::from(frame.expiration.is_some()) << 1
            | u32::from(frame.priority.is_some()) << 2;
        let record: [u32; RECORD] = [
            frame.command as u32,
            said,
            frame.identifier.unwrap_or(0),
            frame.expiration.unwrap_or(0),
            frame.priority.map_or(0, |priority| u32::from(priority.0)),
            frame.token.len() as u32,
            frame.payload.len() as u32,
            offset as u32,
            (offset >> 32) as u32,
        ];
        self.records.extend(record);
        self.data.extend_from_slice(&frame.token);
        self.data.extend_from_slice(&frame.payload);
    }

    /// Tokens and payloads of the frames that the last `push` returned, one after the other.
    pub fn data(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.data)
    }

    /// What ended the stream, or undefined.
    pub fn fault(&self) -> JsValue {
        let Some(fault) = &self.fault else {
            return JsValue::UNDEFINED;
        };
        object([
            ("status", fault.status.into()),
            ("identifier", fault.identifier.into()),
            ("offset", (fault.offset as f64).into()),
            ("message", fault.message.as_str().into()),
        ])
    }

    #[wasm_bindgen(getter)]
    pub fn pending(&self) -> usize {
        self.decoder.pending()
    }
}

/// Tuples from the feedback service's stream.
#[wasm_bindgen(js_name = FeedbackDecoder)]
#[derive(Default)]
pub struct FeedbackDecoder {
    decoder: feedback::Decoder,
}

#[wasm_bindgen(js_class = FeedbackDecoder)]
impl FeedbackDecoder {
    #[wasm_bindgen(constructor)]
    pub fn new() -> FeedbackDecoder {
        Self::default()
    }

    /// Takes bytes, adds the tuples that they complete to `tuples`; throws at what is none, with the tuples before it
    /// added.
    pub fn push(&mut self, bytes: &[u8], tuples: &Array) -> Result<(), JsValue> {
        self.decoder
            .push(bytes, |tuple| {
                let (time, token) = (tuple.time.into(), tuple.token.to_string().into());
                tuples.push(&object([("time", time), ("token", token)]));
            })
            .map_err(failure)
    }

    /// The service has closed; throws where it did so inside a tuple.
    pub fn finish(&self) -> Result<(), JsValue> {
        self.decoder.finish().map_err(failure)
    }
}

fn object<const N: usize>(entries: [(&str, JsValue); N]) -> JsValue {
    let object = Object::new();
    for (key, value) in entries {
        // Setting a property of an object that was just made cannot fail.
        let _ = Reflect::set(&object, &key.into(), &value);
    }
    object.into()
}
