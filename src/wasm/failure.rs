//! Errors as JavaScript sees them: an `Error` with the stable `code` of js/errors.js.

use js_sys::{Error, Reflect};
use wasm_bindgen::JsValue;

use crate::binary::feedback::FeedbackError;
use crate::binary::frame::EncodeError;
use crate::http2::RequestError;
use crate::notification::{PayloadError, TokenError};

/// The code of an error, beside its message.
pub(super) trait Coded: std::fmt::Display {
    const CODE: &'static str;

    fn code(&self) -> &'static str {
        Self::CODE
    }
}

impl Coded for TokenError {
    const CODE: &'static str = "BELLPUSH_TOKEN_MALFORMED";
}

impl Coded for PayloadError {
    const CODE: &'static str = "BELLPUSH_PAYLOAD_INVALID";

    fn code(&self) -> &'static str {
        match self {
            PayloadError::TooLarge { .. } => "BELLPUSH_PAYLOAD_TOO_LARGE",
            _ => Self::CODE,
        }
    }
}

impl Coded for FeedbackError {
    const CODE: &'static str = "BELLPUSH_FRAME_MALFORMED";
}

impl Coded for RequestError {
    const CODE: &'static str = "BELLPUSH_OPTION_INVALID";
}

impl Coded for EncodeError {
    const CODE: &'static str = "BELLPUSH_PAYLOAD_TOO_LARGE";
}

/// Only ever said of our own values, when they become objects.
impl Coded for serde_wasm_bindgen::Error {
    const CODE: &'static str = "BELLPUSH_CORE_FAILED";
}

pub(super) fn failure<E: Coded>(error: E) -> JsValue {
    thrown(&error.to_string(), error.code())
}

#[cold]
#[inline(never)]
fn thrown(message: &str, code: &str) -> JsValue {
    let thrown = Error::new(message);
    // Setting a property of an object that was made a line ago cannot fail.
    let _ = Reflect::set(&thrown, &"code".into(), &code.into());
    thrown.into()
}
