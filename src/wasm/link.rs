//! The link of the binary protocol, for JavaScript.

use wasm_bindgen::prelude::*;

use crate::binary::{Confirm, Link, LinkState, Timing};
use crate::outcome::Reason;

use super::batch::WasmBatch;
use super::milliseconds;

/// One connection of a batch.
#[wasm_bindgen(js_name = BinaryLink)]
pub struct WasmLink {
    link: Link,
    output: *const u8,
}

#[wasm_bindgen(js_class = BinaryLink)]
impl WasmLink {
    #[wasm_bindgen(constructor)]
    /// Times in milliseconds; `quiet`: how long silence lasts until it is taken for success (-1: it never is).
    pub fn new(batch: &WasmBatch, linger: f64, answer: f64, round_trip: f64, quiet: f64, now: f64) -> WasmLink {
        let timing =
            Timing { linger: milliseconds(linger), answer: milliseconds(answer), round_trip: milliseconds(round_trip) };
        let confirm = if quiet < 0.0 { Confirm::Sentinel } else { Confirm::Quiet(milliseconds(quiet)) };
        let link = Link::new(&batch.notification, milliseconds(now)).with_timing(timing).with_confirm(confirm);
        WasmLink { link, output: std::ptr::null() }
    }

    /// Prepares what to send next and says how many bytes that is; they are at [`WasmLink::output`].
    pub fn write(&mut self, batch: &mut WasmBatch, max_bytes: usize, now: f64) -> usize {
        let bytes = self.link.write(&mut batch.batch(), max_bytes, milliseconds(now));
        self.output = bytes.as_ptr();
        bytes.len()
    }

    /// Where what `write` prepared is; the address holds until the next call of anything here.
    pub fn output(&self) -> *const u8 {
        self.output
    }

    pub fn read(&mut self, batch: &mut WasmBatch, bytes: &[u8], unsent: f64, now: f64) {
        self.link.read(&mut batch.batch(), bytes, unsent as u64, milliseconds(now));
    }

    pub fn left(&mut self, now: f64) {
        self.link.left(milliseconds(now));
    }

    /// Slots that were taken for accepted and were not, each followed by its reason.
    pub fn late(&mut self) -> Vec<u32> {
        self.link.take_late().into_iter().flat_map(|(slot, reason)| [slot, u32::from(reason.0)]).collect()
    }

    pub fn closed(&mut self, batch: &mut WasmBatch, unsent: f64, abandoned: bool, now: f64) {
        let reason = if abandoned { Reason::ABANDONED } else { Reason::CLOSED_WITHOUT_ANSWER };
        self.link.closed(&mut batch.batch(), unsent as u64, reason, milliseconds(now));
    }

    pub fn refused(&mut self, batch: &mut WasmBatch, now: f64) {
        self.link.refused(&mut batch.batch(), milliseconds(now));
    }

    pub fn tick(&mut self, batch: &mut WasmBatch, unsent: f64, now: f64) {
        self.link.tick(&mut batch.batch(), unsent as u64, milliseconds(now));
    }

    /// When `tick` and `write` want to be called by time alone, in milliseconds; -1: never.
    pub fn deadline(&self) -> f64 {
        self.link.deadline().map_or(-1.0, |time| time as f64)
    }

    #[wasm_bindgen(getter, js_name = isDone)]
    pub fn is_done(&self) -> bool {
        self.link.state() == LinkState::Done
    }

    #[wasm_bindgen(getter, js_name = hasWritten)]
    pub fn has_written(&self) -> bool {
        self.link.has_written()
    }

    #[wasm_bindgen(getter, js_name = hasLearnt)]
    pub fn has_learnt(&self) -> bool {
        self.link.has_learnt()
    }
}
