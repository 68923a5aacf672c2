//! One connection, on a thread of its own: TLS records are opened in the buffer that the kernel filled.

use std::error::Error;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{ConnectionState, UnbufferedStatus};

use crate::tally::Tally;

/// What is spoken on a connection.
pub trait Protocol {
    /// Reads on; appends what is to be answered. `true`: then the connection is to be ended.
    fn take(&mut self, bytes: &[u8], tally: &Tally, answers: &mut Vec<u8>) -> bool;
}

/// Some records at a time: as much as the kernel gives for one call.
const INCOMING: usize = 256 * 1024;
/// More than any flight of a handshake.
const OUTGOING: usize = 32 * 1024;
/// Bytes that go into one record; a header and what seals it come to them.
const RECORD: usize = 16 * 1024;
/// A client that was refused gets this long to close its side.
const LINGERING: Duration = Duration::from_secs(10);

/// Serves one connection to its end.
///
/// # Errors
/// Whatever ends it early.
pub fn serve(
    mut socket: TcpStream,
    config: Arc<ServerConfig>,
    mut protocol: impl Protocol,
    tally: &Tally,
) -> Result<(), Box<dyn Error>> {
    socket.set_nodelay(true)?;
    let mut tls = UnbufferedServerConnection::new(config)?;
    let mut incoming = vec![0; INCOMING];
    let (mut start, mut end) = (0, 0);
    let mut outgoing = vec![0; OUTGOING];
    let mut encoded = 0;
    let mut answers = Vec::new();
    let mut ended = false;
    let mut established = false;
    loop {
        let UnbufferedStatus { mut discard, state, .. } = tls.process_tls_records(&mut incoming[start..end]);
        let mut read_on = false;
        match state? {
            ConnectionState::EncodeTlsData(mut data) => encoded += data.encode(&mut outgoing[encoded..])?,
            ConnectionState::TransmitTlsData(data) => {
                socket.write_all(&outgoing[..encoded])?;
                encoded = 0;
                data.done();
            }
            ConnectionState::ReadTraffic(mut traffic) => {
                while let Some(record) = traffic.next_record() {
                    let record = record?;
                    discard += record.discard;
                    if !ended {
                        ended = protocol.take(record.payload, tally, &mut answers);
                    }
                }
            }
            ConnectionState::WriteTraffic(mut traffic) => {
                if !established {
                    established = true;
                    tally.connected();
                }
                for part in answers.chunks(RECORD) {
                    let room = encoded + RECORD + 1024;
                    if outgoing.len() < room {
                        outgoing.resize(room, 0);
                    }
                    encoded += traffic.encrypt(part, &mut outgoing[encoded..])?;
                }
                answers.clear();
                if ended {
                    encoded += traffic.queue_close_notify(&mut outgoing[encoded..])?;
                    socket.write_all(&outgoing[..encoded])?;
                    return discard_rest(socket, incoming);
                }
                if encoded > 0 {
                    socket.write_all(&outgoing[..encoded])?;
                    encoded = 0;
                }
                read_on = true;
            }
            ConnectionState::BlockedHandshake => read_on = true,
            _ => return Ok(()),
        }
        start += discard;
        if read_on {
            if start > 0 {
                incoming.copy_within(start..end, 0);
                (start, end) = (0, end - start);
            }
            match socket.read(&mut incoming[end..]) {
                Ok(0) => return Ok(()),
                Ok(count) => end += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// What follows a refused notification is thrown away. The socket is closed only after the client's: a close with bytes
/// unread is a reset, which overtakes the error response.
fn discard_rest(mut socket: TcpStream, mut buffer: Vec<u8>) -> Result<(), Box<dyn Error>> {
    socket.shutdown(Shutdown::Write)?;
    socket.set_read_timeout(Some(LINGERING))?;
    while socket.read(&mut buffer)? > 0 {}
    Ok(())
}
