//! Error responses, for JavaScript: who explains bytes writes them, and who answers old clients does.

use wasm_bindgen::prelude::*;

use crate::binary::ErrorResponse;

/// The six bytes of an error response.
#[wasm_bindgen(js_name = encodeErrorResponse)]
pub fn encode_error_response(status: u8, identifier: u32) -> Vec<u8> {
    ErrorResponse { status, identifier }.encode().to_vec()
}
