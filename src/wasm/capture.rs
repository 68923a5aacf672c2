//! Captures for JavaScript: a cold path, through objects.

use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::capture::Capture as Reading;
use crate::capture::view::{Query, View};

use super::failure::failure;

/// Parts that one search names at most.
const MOST_FOUND: usize = 10_000;

/// A capture: bytes go in, then it is finished, then it is asked.
#[wasm_bindgen(js_name = Capture)]
#[derive(Default)]
pub struct Capture {
    reading: Reading,
    view: Option<View>,
}

#[wasm_bindgen(js_class = Capture)]
impl Capture {
    #[wasm_bindgen(constructor)]
    pub fn new() -> Capture {
        Self::default()
    }

    /// Takes bytes of the file; after `finish` none.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.view.is_none() {
            self.reading.push(bytes);
        }
    }

    /// The file has ended; gives the overview.
    pub fn finish(&mut self) -> Result<JsValue, JsValue> {
        let view = self.view.get_or_insert_with(|| View::new(std::mem::take(&mut self.reading)));
        object(&view.overview())
    }

    /// Some parts of a connection, explained.
    pub fn parts(&self, connection: usize, from: usize, count: usize) -> Result<JsValue, JsValue> {
        object(&self.view.as_ref().map(|view| view.parts(connection, from, count)).unwrap_or_default())
    }

    /// Bytes of one direction of a connection, a copy.
    pub fn bytes(&self, connection: usize, direction: usize, at: usize, length: usize) -> Vec<u8> {
        self.view.as_ref().map(|view| view.bytes(connection, direction, at, length).to_vec()).unwrap_or_default()
    }

    /// Indices of the parts that are asked for; what is undefined is not asked.
    pub fn find(
        &self,
        connection: usize,
        token: Option<Vec<u8>>,
        identifier: Option<u32>,
        status: Option<u16>,
    ) -> Vec<u32> {
        let query = Query { token, identifier, status };
        self.view.as_ref().map(|view| view.find(connection, &query, MOST_FOUND)).unwrap_or_default()
    }
}

fn object(value: &impl Serialize) -> Result<JsValue, JsValue> {
    value.serialize(&serde_wasm_bindgen::Serializer::json_compatible()).map_err(failure)
}
