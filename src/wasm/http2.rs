//! A connection of HTTP/2, for JavaScript. It holds the batches that it serves, so one call a chunk serves them all.

use std::rc::Rc;

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

use crate::batch::Batch;
use crate::http2::{Batches, Blocked, Config, Connection, EndingKind, Key, Request, Timing};
use crate::outcome::Reason;

use super::batch::{SharedBatch, WasmBatch};
use super::failure::failure;
use super::milliseconds;

/// The batches that a connection serves, by key.
#[derive(Default)]
struct Held(Vec<Option<SharedBatch>>);

impl Batches for Held {
    fn with<R>(&mut self, key: Key, act: impl FnOnce(&mut Batch) -> R) -> Option<R> {
        let batch = self.0.get(key as usize)?.as_ref()?;
        Some(act(&mut batch.borrow_mut()))
    }
}

/// One connection of any number of batches.
#[wasm_bindgen(js_name = Http2Connection)]
pub struct WasmConnection {
    connection: Connection,
    held: Held,
    out: Vec<u8>,
}

#[wasm_bindgen(js_class = Http2Connection)]
impl WasmConnection {
    /// Times in milliseconds.
    #[wasm_bindgen(constructor)]
    pub fn new(
        number: u32,
        authority: String,
        authorization: Option<String>,
        answer: f64,
        ping: f64,
        now: f64,
    ) -> Result<WasmConnection, JsValue> {
        let timing = Timing { answer: milliseconds(answer), ping: milliseconds(ping) };
        let config = Config { number, authority, authorization, timing };
        let connection = Connection::new(&config, milliseconds(now)).map_err(failure)?;
        Ok(WasmConnection { connection, held: Held::default(), out: Vec::new() })
    }

    /// Carries this batch, too; returns its key.
    #[cold]
    pub fn serve(
        &mut self,
        batch: &WasmBatch,
        path: Option<String>,
        topic: Option<String>,
        push_type: Option<String>,
        collapse_id: Option<String>,
        id: Option<String>,
    ) -> Result<Key, JsValue> {
        let notification = &batch.notification;
        let request = Request {
            payload: notification.payload.clone(),
            path: path.unwrap_or_else(|| Request::DEVICE_PATH.to_string()),
            topic,
            push_type,
            collapse_id,
            id,
            priority: notification.priority,
            expiration: notification.expiration,
            keeps_ids: batch.ids,
        };
        let key = self.connection.serve(request).map_err(failure)?;
        let place = key as usize;
        if self.held.0.len() <= place {
            self.held.0.resize(place + 1, None);
        }
        if let Some(free) = self.held.0.get_mut(place) {
            *free = Some(Rc::clone(&batch.shared));
        }
        Ok(key)
    }

    /// Claims nothing more of it. Its verdicts still come as long as anybody holds the batch.
    pub fn forget(&mut self, key: Key) {
        self.connection.forget(key);
    }

    #[cold]
    pub fn authorize(&mut self, authorization: &str) -> Result<(), JsValue> {
        self.connection.authorize(authorization).map_err(failure)
    }

    /// What to send next, a copy; undefined: nothing now.
    pub fn write(&mut self, max_bytes: usize, now: f64) -> Option<Uint8Array> {
        self.out.clear();
        self.connection.write(&mut self.held, &mut self.out, max_bytes, milliseconds(now));
        (!self.out.is_empty()).then(|| Uint8Array::from(self.out.as_slice()))
    }

    pub fn read(&mut self, bytes: &[u8], now: f64) {
        self.connection.read(&mut self.held, bytes, milliseconds(now));
    }

    #[cold]
    pub fn tick(&mut self, now: f64) {
        self.connection.tick(&mut self.held, milliseconds(now));
    }

    pub fn close(&mut self) {
        self.connection.close();
    }

    #[cold]
    pub fn closed(&mut self, unsent: f64, abandoned: bool, now: f64) {
        let reason = if abandoned { Reason::ABANDONED } else { Reason::CLOSED_WITHOUT_ANSWER };
        self.connection.closed(&mut self.held, unsent as u64, reason, milliseconds(now));
    }

    pub fn refused(&mut self, now: f64) {
        self.connection.refused(&mut self.held, milliseconds(now));
    }

    /// How it stands: open; done; streams; most streams; blocked (0 no, 1 streams, 2 window, 3 authorization, 4 suspects);
    /// wants an authorization; deadline; idle since; round trip (-1: none); has written; has learnt.
    pub fn standing(&self) -> Vec<f64> {
        let connection = &self.connection;
        let flag = |flag| f64::from(u8::from(flag));
        let time = |time: Option<u64>| time.map_or(-1.0, |time| time as f64);
        let blocked = match connection.blocked() {
            None => 0,
            Some(Blocked::Streams) => 1,
            Some(Blocked::Window) => 2,
            Some(Blocked::Authorization) => 3,
            Some(Blocked::Suspects) => 4,
        };
        vec![
            flag(connection.is_open()),
            flag(connection.is_done()),
            connection.streams() as f64,
            connection.stream_limit() as f64,
            f64::from(blocked),
            flag(connection.wants_authorization()),
            time(connection.deadline()),
            time(connection.idle_since()),
            time(connection.round_trip()),
            flag(connection.has_written()),
            flag(connection.has_learnt()),
        ]
    }

    /// Why it ends: 0 it doesn't, 1 GOAWAY, 2 a fault, 3 silence, 4 no more ids, 5 we wanted it; and the error code.
    pub fn ending(&self) -> Vec<u32> {
        let Some(ending) = self.connection.ending() else { return vec![0, 0] };
        let kind = match ending.kind {
            EndingKind::GoAway => 1,
            EndingKind::Fault => 2,
            EndingKind::Timeout => 3,
            EndingKind::Exhausted => 4,
            EndingKind::Closed => 5,
        };
        vec![kind, ending.code.0]
    }

    /// The same in words.
    #[wasm_bindgen(js_name = endingMessage)]
    pub fn ending_message(&self) -> Option<String> {
        self.connection.ending().map(|ending| ending.message.clone())
    }
}
