//! HPACK, the header compression of HTTP/2 (RFC 7541): the decoder whole, the encoder as far as requests need it.
//!
//! Our own, because what it must do is small, fixed for ever and measured by the notification: a table of Huffman lengths,
//! a table of names, and a ring of bytes. It allocates nothing for a field.

mod decoder;
mod encoder;
mod huffman;
mod integer;
mod table;

pub use decoder::{DecodeError, Decoder, Problem};
pub use encoder::{Encoder, Indexing};
pub use table::DEFAULT_TABLE_BYTES;
