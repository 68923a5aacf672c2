//! A far-away network in between: everything arrives later, in both directions, and nothing is narrower for it.
//!
//! `proxy PORT MILLISECONDS` prints the port it listens on and passes connections on to 127.0.0.1:PORT, each byte, end
//! and reset the given time later than it came; half a round trip, that is. The first bytes of a connection take another
//! round trip, which is what connecting would have cost. It ends with its standard input.

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// What travels, and when it arrives.
enum Event {
    Bytes(Vec<u8>),
    End,
    Reset,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [port, milliseconds] = arguments.as_slice() else {
        return Err("usage: proxy PORT MILLISECONDS".into());
    };
    let port: u16 = port.parse()?;
    let delay = Duration::from_millis(milliseconds.parse()?);
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?.port());
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            // A gateway that is gone ends the connection, which the client sees.
            connect(client, port, delay).ok();
        }
    });
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}

fn connect(client: TcpStream, port: u16, delay: Duration) -> io::Result<()> {
    let gateway = TcpStream::connect(("127.0.0.1", port))?;
    client.set_nodelay(true)?;
    gateway.set_nodelay(true)?;
    let connected = Instant::now() + 2 * delay;
    carry(client.try_clone()?, gateway.try_clone()?, delay, connected);
    carry(gateway, client, delay, connected);
    Ok(())
}

/// One direction, on two threads: one notes when something came, the other waits until it is due.
fn carry(from: TcpStream, to: TcpStream, delay: Duration, connected: Instant) {
    let (sender, receiver) = channel();
    thread::spawn(move || collect(from, &sender, delay, connected));
    thread::spawn(move || hand_on(to, &receiver));
}

fn collect(mut from: TcpStream, sender: &Sender<(Instant, Event)>, delay: Duration, connected: Instant) {
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let event = match from.read(&mut buffer) {
            Ok(0) => Event::End,
            Ok(count) => Event::Bytes(buffer[..count].to_vec()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => Event::Reset,
        };
        let last = !matches!(event, Event::Bytes(_));
        if sender.send((Instant::now().max(connected) + delay, event)).is_err() || last {
            return;
        }
    }
}

fn hand_on(mut to: TcpStream, receiver: &Receiver<(Instant, Event)>) {
    for (due, event) in receiver {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let done = match event {
            Event::Bytes(bytes) => to.write_all(&bytes),
            Event::End => to.shutdown(Shutdown::Write),
            // As near to a reset as the standard library comes: bytes that still come are answered with one.
            Event::Reset => to.shutdown(Shutdown::Both),
        };
        if done.is_err() {
            return;
        }
    }
}
