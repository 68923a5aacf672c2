//! One connection, on a thread of its own: TLS records are opened in the buffer that the kernel filled.

use std::error::Error;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{ConnectionState, UnbufferedStatus};

use super::frames::{Answer, Frames};
use super::tally::Tally;

/// Some records at a time: as much as the kernel gives for one call.
const INCOMING: usize = 256 * 1024;
/// More than any flight of a handshake.
const OUTGOING: usize = 32 * 1024;
/// A client that was refused gets this long to close its side.
const LINGERING: Duration = Duration::from_secs(10);

pub fn serve(mut socket: TcpStream, config: Arc<ServerConfig>, tally: &Tally) -> Result<(), Box<dyn Error>> {
    socket.set_nodelay(true)?;
    let mut tls = UnbufferedServerConnection::new(config)?;
    let mut incoming = vec![0; INCOMING];
    let (mut start, mut end) = (0, 0);
    let mut outgoing = vec![0; OUTGOING];
    let mut encoded = 0;
    let mut frames = Frames::new();
    let mut answer = None;
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
                    if answer.is_none() {
                        answer = frames.take(record.payload, tally);
                    }
                }
            }
            ConnectionState::WriteTraffic(mut traffic) => {
                if !established {
                    established = true;
                    tally.connected();
                }
                if let Some(Answer { status, identifier }) = answer {
                    if let Some(identifier) = identifier {
                        let [a, b, c, d] = identifier.to_be_bytes();
                        encoded += traffic.encrypt(&[8, status, a, b, c, d], &mut outgoing[encoded..])?;
                    }
                    encoded += traffic.queue_close_notify(&mut outgoing[encoded..])?;
                    socket.write_all(&outgoing[..encoded])?;
                    return discard_rest(socket, incoming);
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
