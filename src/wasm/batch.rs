//! The batch, for JavaScript.

use std::cell::{RefCell, RefMut};
use std::rc::Rc;

use wasm_bindgen::prelude::*;

use crate::batch::{Backoff, Batch, Config, InDoubt, Settled, Stop};
use crate::http2::Ids;
use crate::notification::{Notification, Payload, Priority};
use crate::outcome::{Outcome, Reason};

use super::failure::failure;
use super::milliseconds;

/// A batch, which connections that serve many hold as well. Nothing here calls anybody while it is borrowed.
pub(super) type SharedBatch = Rc<RefCell<Batch>>;

/// A batch and the notification that it pushes.
#[wasm_bindgen(js_name = Batch)]
pub struct WasmBatch {
    pub(super) shared: SharedBatch,
    pub(super) notification: Notification,
    /// Of which slots the gateway's ids are listed.
    pub(super) ids: Ids,
    /// Where JavaScript writes tokens before it pushes them.
    input: Vec<u8>,
    /// Times in records count from here.
    epoch: u64,
    /// What [`WasmBatch::standing`] says.
    standing: [f64; STANDING],
}

/// What a batch is made with; JavaScript sets the fields one by one.
#[wasm_bindgen(js_name = BatchOptions)]
#[derive(Default)]
pub struct Options {
    #[wasm_bindgen(js_name = payloadLimit)]
    pub payload_limit: usize,
    pub expiration: Option<u32>,
    pub priority: Option<u8>,
    #[wasm_bindgen(js_name = maxInFlight)]
    pub max_in_flight: u32,
    #[wasm_bindgen(js_name = maxAttempts)]
    pub max_attempts: u8,
    #[wasm_bindgen(js_name = retryFirst)]
    pub retry_first: u32,
    #[wasm_bindgen(js_name = retryLongest)]
    pub retry_longest: u32,
    pub breaker: u32,
    #[wasm_bindgen(js_name = resendInDoubt)]
    pub resend_in_doubt: bool,
    #[wasm_bindgen(js_name = listAccepted)]
    pub list_accepted: bool,
    #[wasm_bindgen(js_name = listIds)]
    pub list_ids: bool,
}

#[wasm_bindgen(js_class = BatchOptions)]
impl Options {
    #[wasm_bindgen(constructor)]
    pub fn new() -> Options {
        let Backoff { first, longest } = Config::default().retry;
        Options { retry_first: first, retry_longest: longest, ..Options::default() }
    }
}

/// Numbers that [`WasmBatch::settled`] uses for one record, and more of them where ids are listed.
const RECORD: usize = 5;
const ID: usize = 5;
/// Numbers that [`WasmBatch::standing`] gives.
const STANDING: usize = 14;

impl WasmBatch {
    pub(super) fn batch(&self) -> RefMut<'_, Batch> {
        self.shared.borrow_mut()
    }
}

#[wasm_bindgen(js_class = Batch)]
impl WasmBatch {
    #[wasm_bindgen(constructor)]
    pub fn new(payload: &[u8], options: &Options, now: f64) -> Result<WasmBatch, JsValue> {
        let payload = Payload::parse(payload, options.payload_limit).map_err(failure)?;
        let config = Config {
            max_in_flight: options.max_in_flight,
            max_attempts: options.max_attempts,
            retry: Backoff { first: options.retry_first, longest: options.retry_longest },
            in_doubt: if options.resend_in_doubt { InDoubt::Resend } else { InDoubt::Report },
            breaker: options.breaker,
            list_accepted: options.list_accepted,
            expiration: options.expiration,
        };
        Ok(WasmBatch {
            shared: Rc::new(RefCell::new(Batch::new(config))),
            ids: match (options.list_ids, options.list_accepted) {
                (false, _) => Ids::None,
                (true, false) => Ids::Refused,
                (true, true) => Ids::All,
            },
            notification: Notification {
                payload,
                expiration: options.expiration,
                priority: options.priority.map(Priority),
            },
            input: Vec::new(),
            epoch: milliseconds(now),
            standing: [0.0; STANDING],
        })
    }

    /// Room for `length` bytes of text; the address holds until the next call of anything here.
    pub fn reserve(&mut self, length: usize) -> *mut u8 {
        if self.input.len() < length {
            self.input.resize(length, 0);
        }
        self.input.as_mut_ptr()
    }

    /// Pushes the first `length` bytes of what was written: `count` tokens, one a line. False, with nothing pushed,
    /// where there are not as many lines: a token has a line break in it.
    #[wasm_bindgen(js_name = pushLines)]
    pub fn push_lines(&mut self, length: usize, count: u32, now: f64) -> bool {
        let text = self.input.get(..length).unwrap_or_default();
        let breaks = text.iter().filter(|byte| **byte == b'\n').count();
        let fits = breaks + 1 == count as usize;
        if fits {
            self.batch().push_hex(text, milliseconds(now));
        }
        fits
    }

    /// Pushes what was written: `count` tokens of so many digits each, with nothing between them, up to the first one
    /// that has anything but digits in it. Returns how many were pushed.
    #[wasm_bindgen(js_name = pushDigits)]
    pub fn push_digits(&mut self, digits: usize, count: usize, now: f64) -> u32 {
        let texts = digits.checked_mul(count).and_then(|bytes| self.input.get(..bytes)).unwrap_or_default();
        self.shared.borrow_mut().push_digits(texts, digits, milliseconds(now))
    }

    #[wasm_bindgen(js_name = closeInput)]
    pub fn close_input(&mut self) {
        self.batch().close_input();
    }

    #[wasm_bindgen(js_name = setLinks)]
    pub fn set_links(&mut self, links: u32) {
        self.batch().set_links(links);
    }

    pub fn stop(&mut self, now: f64) {
        self.batch().stop(Stop::Caller, milliseconds(now));
    }

    /// Everything that settled since the last call, five numbers each: slot; outcome | dead << 8 | reason << 16;
    /// milliseconds since the batch was made; milliseconds since 1970 at which the token died (low, high; all ones: nobody
    /// said). Where ids are listed, five more: whether there is one, and its bytes.
    pub fn settled(&mut self) -> Vec<u32> {
        let settled = self.batch().take_settled();
        let length = RECORD + if self.ids == Ids::None { 0 } else { ID };
        let mut records = Vec::with_capacity(settled.len() * length);
        for Settled { slot, outcome, reason, dead, died_at, id, at } in settled {
            let elapsed = at.saturating_sub(self.epoch).min(u64::from(u32::MAX)) as u32;
            let packed = outcome as u32 | u32::from(dead) << 8 | u32::from(reason.0) << 16;
            let died_at = died_at.unwrap_or(u64::MAX);
            records.extend([slot, packed, elapsed, died_at as u32, (died_at >> 32) as u32]);
            if self.ids != Ids::None {
                let (words, _) = id.as_ref().map_or(&[0; 16], |id| id).as_chunks::<4>();
                records.push(u32::from(id.is_some()));
                records.extend(words.iter().map(|word| u32::from_be_bytes(*word)));
            }
        }
        records
    }

    /// The HTTP status of a reason that this batch came across and no list has; undefined: it did not.
    #[wasm_bindgen(js_name = foreignStatus)]
    pub fn foreign_status(&self, reason: u16) -> Option<u16> {
        self.batch().foreign_reason(Reason(reason)).map(|(status, _)| status)
    }

    /// Its text.
    #[wasm_bindgen(js_name = foreignText)]
    pub fn foreign_text(&self, reason: u16) -> Option<String> {
        self.batch().foreign_reason(Reason(reason)).map(|(_, text)| text.to_string())
    }

    /// How it stands, fourteen numbers at the address, which holds until the next call of anything here: six counts by
    /// outcome; first unsettled slot; room; has work; finished; stopped (0 no, 1 by the caller, 2 mostly refused,
    /// 3 refused, 4 failing); the reason of 3 and 4; next wake-up in milliseconds (-1: none); tokens refused at least
    /// once. It is asked after every event, so it makes nothing anew.
    pub fn standing(&mut self, now: f64) -> *const f64 {
        let mut batch = self.shared.borrow_mut();
        let has_work = batch.has_work(milliseconds(now));
        let counts = batch.counts();
        let (stopped, reason) = match batch.stopped() {
            None => (0, 0),
            Some(Stop::Caller) => (1, 0),
            Some(Stop::MostlyRefused) => (2, 0),
            Some(Stop::Refused(reason)) => (3, reason.0),
            Some(Stop::Failing(reason)) => (4, reason.0),
        };
        let [a, b, c, d, e, f] = Outcome::ALL.map(|outcome| counts.of(outcome) as f64);
        self.standing = [
            a,
            b,
            c,
            d,
            e,
            f,
            f64::from(batch.first_unsettled()),
            f64::from(batch.room()),
            f64::from(u8::from(has_work)),
            f64::from(u8::from(batch.is_finished())),
            f64::from(stopped),
            f64::from(reason),
            batch.next_wakeup().map_or(-1.0, |time| time as f64),
            batch.refused() as f64,
        ];
        self.standing.as_ptr()
    }
}
