//! The link of the binary protocol, for JavaScript.

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

use crate::binary::{Link, LinkState, Timing};
use crate::outcome::Reason;

use super::batch::WasmBatch;
use super::milliseconds;

/// One connection of a batch.
#[wasm_bindgen(js_name = BinaryLink)]
pub struct WasmLink {
    link: Link,
    out: Vec<u8>,
}

#[wasm_bindgen(js_class = BinaryLink)]
impl WasmLink {
    #[wasm_bindgen(constructor)]
    pub fn new(batch: &WasmBatch, linger: f64, answer: f64, round_trip: f64, now: f64) -> WasmLink {
        let timing =
            Timing { linger: milliseconds(linger), answer: milliseconds(answer), round_trip: milliseconds(round_trip) };
        let link = Link::new(&batch.notification, milliseconds(now)).with_timing(timing);
        WasmLink { link, out: Vec::new() }
    }

    /// What to send next, a copy; undefined: nothing now.
    pub fn write(&mut self, batch: &mut WasmBatch, max_bytes: usize, now: f64) -> Option<Uint8Array> {
        self.out.clear();
        self.link.write(&mut batch.batch, &mut self.out, max_bytes, milliseconds(now));
        (!self.out.is_empty()).then(|| Uint8Array::from(self.out.as_slice()))
    }

    pub fn read(&mut self, batch: &mut WasmBatch, bytes: &[u8], unsent: f64, now: f64) {
        self.link.read(&mut batch.batch, bytes, unsent as u64, milliseconds(now));
    }

    pub fn closed(&mut self, batch: &mut WasmBatch, unsent: f64, abandoned: bool, now: f64) {
        let reason = if abandoned { Reason::ABANDONED } else { Reason::CLOSED_WITHOUT_ANSWER };
        self.link.closed(&mut batch.batch, unsent as u64, reason, milliseconds(now));
    }

    pub fn refused(&mut self, batch: &mut WasmBatch, now: f64) {
        self.link.refused(&mut batch.batch, milliseconds(now));
    }

    pub fn tick(&mut self, batch: &mut WasmBatch, unsent: f64, now: f64) {
        self.link.tick(&mut batch.batch, unsent as u64, milliseconds(now));
    }

    /// When `tick` and `write` want to be called by time alone, in milliseconds; -1: never.
    pub fn deadline(&self) -> f64 {
        self.link.deadline().map_or(-1.0, |time| time as f64)
    }

    #[wasm_bindgen(getter, js_name = isDone)]
    pub fn is_done(&self) -> bool {
        self.link.state() == LinkState::Done
    }

    #[wasm_bindgen(getter, js_name = inFlight)]
    pub fn in_flight(&self) -> f64 {
        self.link.in_flight() as f64
    }
}
