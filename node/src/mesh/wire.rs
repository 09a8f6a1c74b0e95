//! Bytes on the wire: protocol names, close codes, the hello, and frames with their length in front.
//!
//! A session has one bidirectional stream, opened by the dialler: each side's hello, then its live frames. Bulk frames
//! travel on one unidirectional stream from each side. Every item is a big-endian u32 length and that many bytes.

use branchmesh_model::ids::DeviceId;
use bytes::{BufMut, Bytes, BytesMut};
use iroh::endpoint::{ConnectionError, RecvStream, SendStream, VarInt};
use serde::{Deserialize, Serialize};

use super::MeshError;

/// Longest frame, bytes.
pub const MAX_FRAME_BYTES: usize = 4 << 20;
/// Longest hello of a node, bytes.
pub(super) const MAX_HELLO_BYTES: usize = 60 << 10;
/// Longest message of the join protocol and longest packed hello, bytes.
pub(super) const MAX_MESSAGE_BYTES: usize = 64 << 10;

/// Protocol name of sessions. A version that changes the meaning of bytes gets a new one, offered beside the old.
pub(super) const ALPN_MESH: &[u8] = b"branchmesh/1";
/// Protocol name of joining.
pub(super) const ALPN_JOIN: &[u8] = b"branchmesh/join/1";
const ALPN_TO: &str = "branchmesh-to/";

/// An additional protocol name that says for whom a dial is meant. It is never negotiated: whoever is dialled at an
/// address that used to be another's reads it and keeps silent, so that the right device's answer is the only one.
pub(super) fn alpn_to(device: &DeviceId) -> Vec<u8> {
    format!("{ALPN_TO}{device}").into_bytes()
}

/// Whether the protocol names offered by a dialler say that it means somebody else.
pub(super) fn meant_for_another<'a>(me: &DeviceId, offered: impl Iterator<Item = &'a [u8]>) -> bool {
    let mine = alpn_to(me);
    let mut addressed = offered.filter(|alpn| alpn.starts_with(ALPN_TO.as_bytes())).peekable();
    addressed.peek().is_some() && !addressed.any(|alpn| alpn == mine)
}

/// Why a connection was closed, told to the other side.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub(super) enum Close {
    /// The node is stopping, or the exchange is complete.
    Done = 0,
    /// The other device is not allowed.
    Stranger = 1,
    /// No invitation is open, or the request was turned down.
    NotJoinable = 2,
    /// Too many requests.
    Busy = 3,
    /// Another connection of the pair is kept.
    Duplicate = 4,
    /// A newer connection took over.
    Replaced = 5,
    /// The device was removed from the roster.
    Revoked = 6,
    /// The hello or a frame was malformed or too long.
    Protocol = 7,
    /// Two machines use the device's identity.
    RunsTwice = 8,
}

impl Close {
    /// The code on the wire.
    pub(super) fn code(self) -> VarInt {
        VarInt::from_u32(self as u32)
    }

    /// Whether the other side closed a connection with it.
    pub(super) fn is_why(self, error: &ConnectionError) -> bool {
        matches!(error, ConnectionError::ApplicationClosed(close) if close.error_code == self.code())
    }

    /// The name on the wire, for the other side's log.
    pub(super) fn name(self) -> &'static [u8] {
        match self {
            Self::Done => b"done",
            Self::Stranger => b"not allowed",
            Self::NotJoinable => b"not joinable",
            Self::Busy => b"busy",
            Self::Duplicate => b"duplicate",
            Self::Replaced => b"replaced",
            Self::Revoked => b"revoked",
            Self::Protocol => b"protocol error",
            Self::RunsTwice => b"runs twice",
        }
    }
}

/// First message of each side of a session.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Hello {
    /// Drawn at random by each start of a mesh.
    pub(super) boot: [u8; 16],
    /// Grows with each hello of that start: of two connections, the one whose hello was made later is the one its sender
    /// believes in.
    pub(super) order: u64,
    /// The node's own hello.
    #[serde(with = "serde_bytes")]
    pub(super) node: Vec<u8>,
}

/// A message could not be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum WireError {
    /// The stream or its connection ended.
    #[error("the stream ended")]
    Ended,
    /// The announced length is above the limit.
    #[error("a message of {0} bytes was announced")]
    TooLong(usize),
    /// The bytes are not what they should be.
    #[error("the message is malformed")]
    Malformed,
}

/// Refuses a node's hello that would not fit.
pub(super) fn check_hello(hello: &[u8]) -> Result<(), MeshError> {
    if hello.len() > MAX_HELLO_BYTES { Err(MeshError::HelloTooLong(hello.len())) } else { Ok(()) }
}

/// Sends a hello.
pub(super) async fn write_hello(send: &mut SendStream, hello: &Hello) -> Result<(), WireError> {
    let bytes = postcard::to_stdvec(hello).map_err(|_| WireError::Malformed)?;
    write_message(send, &bytes).await
}

/// Reads the other side's hello; fields that a later version appends are ignored.
pub(super) async fn read_hello(recv: &mut RecvStream) -> Result<Hello, WireError> {
    let bytes = read_message(recv, MAX_MESSAGE_BYTES).await?;
    postcard::take_from_bytes(&bytes).map(|(hello, _)| hello).map_err(|_| WireError::Malformed)
}

/// Sends one message outside a frame stream.
pub(super) async fn write_message(send: &mut SendStream, bytes: &[u8]) -> Result<(), WireError> {
    let mut message = BytesMut::with_capacity(4 + bytes.len());
    put_length(&mut message, bytes.len());
    message.extend_from_slice(bytes);
    send.write_all(&message).await.map_err(|_| WireError::Ended)
}

/// Reads one message outside a frame stream.
pub(super) async fn read_message(recv: &mut RecvStream, max: usize) -> Result<Vec<u8>, WireError> {
    let mut length = [0; 4];
    recv.read_exact(&mut length).await.map_err(|_| WireError::Ended)?;
    let length = u32::from_be_bytes(length) as usize;
    if length > max {
        return Err(WireError::TooLong(length));
    }
    let mut bytes = vec![0; length];
    recv.read_exact(&mut bytes).await.map_err(|_| WireError::Ended)?;
    Ok(bytes)
}

/// Appends a frame's length.
pub(super) fn put_length(buffer: &mut BytesMut, length: usize) {
    buffer.put_u32(u32::try_from(length).expect("no frame longer than MAX_FRAME_BYTES is queued"));
}

/// Cuts a stream of bytes into frames. Memory grows with what has arrived, not with what a length announces.
#[derive(Debug, Default)]
pub(super) struct FrameCutter {
    buffer: BytesMut,
}

impl FrameCutter {
    /// Adds what arrived.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next complete frame.
    ///
    /// # Errors
    /// [`WireError::TooLong`] as soon as a length above the limit is seen.
    pub(super) fn next_frame(&mut self) -> Result<Option<Bytes>, WireError> {
        let Some(&length) = self.buffer.first_chunk::<4>() else { return Ok(None) };
        let length = u32::from_be_bytes(length) as usize;
        if length > MAX_FRAME_BYTES {
            return Err(WireError::TooLong(length));
        }
        if self.buffer.len() < 4 + length {
            return Ok(None);
        }
        let mut frame = self.buffer.split_to(4 + length);
        Ok(Some(frame.split_off(4).freeze()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(bytes: &[u8]) -> Vec<u8> {
        let mut out = BytesMut::new();
        put_length(&mut out, bytes.len());
        out.extend_from_slice(bytes);
        out.to_vec()
    }

    #[test]
    fn frames_are_cut_wherever_the_bytes_are_split() {
        let stream: Vec<u8> = [&b"one"[..], b"", b"three"].iter().flat_map(|f| framed(f)).collect();
        for step in 1..=stream.len() {
            let (mut cutter, mut seen) = (FrameCutter::default(), Vec::new());
            for piece in stream.chunks(step) {
                cutter.feed(piece);
                while let Some(frame) = cutter.next_frame().unwrap() {
                    seen.push(frame);
                }
            }
            assert_eq!(seen, [&b"one"[..], b"", b"three"], "pieces of {step}");
        }
    }

    #[test]
    fn a_frame_above_the_limit_is_refused_by_its_length_alone() {
        let mut cutter = FrameCutter::default();
        cutter.feed(&(MAX_FRAME_BYTES as u32 + 1).to_be_bytes());
        assert!(matches!(cutter.next_frame(), Err(WireError::TooLong(_))));
        let mut cutter = FrameCutter::default();
        cutter.feed(&(MAX_FRAME_BYTES as u32).to_be_bytes());
        assert!(matches!(cutter.next_frame(), Ok(None)));
    }

    #[test]
    fn a_dial_for_another_device_is_recognised() {
        let (me, other) = (DeviceId([1; 32]), DeviceId([2; 32]));
        let (to_me, to_other) = (alpn_to(&me), alpn_to(&other));
        assert!(!meant_for_another(&me, [ALPN_MESH].into_iter()), "older versions do not say");
        assert!(!meant_for_another(&me, [ALPN_MESH, &to_me].into_iter()));
        assert!(!meant_for_another(&me, [&to_other[..], &to_me].into_iter()));
        assert!(meant_for_another(&me, [ALPN_MESH, &to_other].into_iter()));
    }
}
