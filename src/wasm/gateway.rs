//! An old connection and an old client's memory, for JavaScript.

use wasm_bindgen::prelude::*;

use crate::legacy::{Conversation, Intake, Limits, Memory, verdict};
use crate::outcome::{Outcome, Reason};

/// What an old client is remembered by.
#[wasm_bindgen(js_name = Memory)]
pub struct WasmMemory(Memory);

#[wasm_bindgen(js_class = Memory)]
impl WasmMemory {
    #[wasm_bindgen(constructor)]
    pub fn new(limit: usize) -> WasmMemory {
        WasmMemory(Memory::new(limit))
    }

    pub fn expire(&mut self, now: f64) {
        self.0.expire(now as u64);
    }

    /// As a connection that ended said it; nothing where that is over.
    pub fn withdraw(&mut self, episode: f64) {
        self.0.withdraw(episode as u64);
    }

    #[wasm_bindgen(getter)]
    pub fn length(&self) -> usize {
        self.0.len()
    }

    #[wasm_bindgen(getter)]
    pub fn overrun(&self) -> f64 {
        self.0.overrun() as f64
    }
}

/// Numbers of one segment: run; whether it begins with it; digits of a token; tokens; bytes of the payload; which fields
/// are said (1 expiration, 2 priority); expiration; priority.
const SEGMENT: usize = 8;

/// One old connection.
#[wasm_bindgen(js_name = Conversation)]
pub struct WasmConversation {
    conversation: Conversation,
    intake: Intake,
}

#[wasm_bindgen(js_class = Conversation)]
impl WasmConversation {
    #[wasm_bindgen(constructor)]
    pub fn new(payload_limit: usize, max_frame: usize, window: usize) -> WasmConversation {
        let limits = Limits { payload: payload_limit, frame: max_frame, window };
        WasmConversation { conversation: Conversation::new(limits), intake: Intake::default() }
    }

    /// Takes bytes; returns the segments that they complete.
    pub fn read(&mut self, memory: &mut WasmMemory, bytes: &[u8], now: f64) -> Vec<u32> {
        self.intake.clear();
        self.conversation.read(&mut memory.0, bytes, now as u64, &mut self.intake);
        let mut records = Vec::with_capacity(self.intake.segments.len() * SEGMENT);
        for segment in &self.intake.segments {
            let (payload, expiration, priority) = match &segment.begins {
                Some((payload, expiration, priority)) => (payload.len(), *expiration, *priority),
                None => (0, None, None),
            };
            records.extend([
                segment.run,
                u32::from(segment.begins.is_some()),
                segment.digits as u32,
                segment.count as u32,
                payload as u32,
                u32::from(expiration.is_some()) | u32::from(priority.is_some()) << 1,
                expiration.unwrap_or(0),
                priority.map_or(0, |priority| u32::from(priority.0)),
            ]);
        }
        records
    }

    /// The payload that a segment's run begins with: a copy.
    pub fn payload(&self, segment: usize) -> Vec<u8> {
        let segment = self.intake.segments.get(segment);
        segment.and_then(|segment| segment.begins.as_ref()).map(|(payload, ..)| payload.to_vec()).unwrap_or_default()
    }

    /// Where the segments' tokens are, in hexadecimal, one behind the other; good until the next call of anything here.
    pub fn text(&self) -> *const u8 {
        self.intake.text.as_ptr()
    }

    #[wasm_bindgen(js_name = endRun)]
    pub fn end_run(&mut self) {
        self.conversation.end_run();
    }

    #[wasm_bindgen(js_name = endInput)]
    pub fn end_input(&mut self) {
        self.conversation.end_input();
    }

    /// What became of a slot; `http_status` of a reason that is in no list. The status that the client gets to hear: 0, it
    /// is none; -1, it does not hear of it and nothing rang.
    pub fn settle(&mut self, run: u32, slot: u32, outcome: u8, reason: u16, http_status: u16) -> i32 {
        let outcome = Outcome::ALL.get(usize::from(outcome)).copied().unwrap_or(Outcome::InDoubt);
        let verdict = verdict::verdict(outcome, Reason(reason), http_status);
        self.conversation.settle(run, slot, verdict);
        match verdict {
            verdict::Verdict::Accepted => 0,
            verdict::Verdict::Dropped => -1,
            verdict::Verdict::Refused(status) => i32::from(status),
        }
    }

    #[wasm_bindgen(js_name = acceptBelow)]
    pub fn accept_below(&mut self, run: u32, slot: u32) {
        self.conversation.accept_below(run, slot);
    }

    /// Refuses slots of a run that cannot have a verdict: its payload is none, or too large.
    #[wasm_bindgen(js_name = refuseSlots)]
    pub fn refuse_slots(&mut self, run: u32, from: u32, to: u32, status: u8) {
        for slot in from..to {
            self.conversation.settle(run, slot, verdict::Verdict::Refused(status));
        }
    }

    /// How it stands: room; open; refused; decided; cut; received; swallowed; status of the answer that is due (-1: none is)
    /// and its identifier.
    pub fn standing(&self) -> Vec<f64> {
        let conversation = &self.conversation;
        let flag = |flag| f64::from(u8::from(flag));
        let (received, swallowed) = conversation.counts();
        let (status, identifier) = conversation
            .answer()
            .map_or((-1.0, 0.0), |answer| (f64::from(answer.status), f64::from(answer.identifier)));
        vec![
            conversation.room() as f64,
            conversation.open() as f64,
            flag(conversation.is_refused()),
            flag(conversation.is_decided()),
            flag(conversation.is_cut()),
            received as f64,
            swallowed as f64,
            status,
            identifier,
        ]
    }

    /// Status and identifier for a client whose connection is ended for no fault of its own; empty: it can be told nothing.
    pub fn farewell(&self) -> Vec<u32> {
        let answer = self.conversation.farewell();
        answer.map(|answer| vec![u32::from(answer.status), answer.identifier]).unwrap_or_default()
    }

    /// The client was given its answer. What was remembered, for [`WasmMemory::withdraw`]; -1: nothing.
    pub fn leave(&mut self, memory: &mut WasmMemory, now: f64) -> f64 {
        self.conversation.leave(&mut memory.0, now as u64).map_or(-1.0, |episode| episode as f64)
    }

    /// What could not be read, in words; undefined: nothing.
    pub fn fault(&self) -> Option<String> {
        self.conversation.fault().map(|fault| format!("byte {}: {}", fault.offset, fault.message))
    }
}
