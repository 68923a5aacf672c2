/**
 * A peer's last words are read before a failed write ends the socket.
 *
 * A gateway that refuses something answers and closes, and resets the connection when more is written on it. Such a
 * reset fails the next write, while the answer may still wait in the kernel: Node ends a socket as soon as a write of
 * it fails, and reads no more. So the error is held back until nothing comes any more.
 */

/** Turns of the event loop without a byte: after one of them at least, all that the kernel had has been read. */
const TURNS = 3

/**
 * What a Duplex calls to write is meant to be implemented anew, so this needs nothing of Node's that is not documented.
 * @param {import('node:net').Socket} socket
 */
export function holdWriteErrors (socket) {
  const { _write, _writev } = socket
  socket._write = (chunk, encoding, done) => _write.call(socket, chunk, encoding, held(socket, done))
  socket._writev = (chunks, done) => _writev?.call(socket, chunks, held(socket, done))
}

/**
 * @param {import('node:net').Socket} socket
 * @param {(error?: Error | null) => void} done
 * @returns {(error?: Error | null) => void}
 */
function held (socket, done) {
  return error => {
    if (!error) return done()
    let { bytesRead } = socket
    let turns = 0
    const look = () => {
      turns = socket.bytesRead === bytesRead ? turns + 1 : 0
      bytesRead = socket.bytesRead
      if (socket.destroyed || turns >= TURNS) done(error)
      else setImmediate(look)
    }
    setImmediate(look)
  }
}
