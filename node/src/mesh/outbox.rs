//! The bounded queue of frames for one peer.

use std::collections::VecDeque;
use std::sync::Mutex;

use bytes::{Bytes, BytesMut};
use tokio::sync::Notify;

use super::wire::{MAX_FRAME_BYTES, put_length};

/// Frames up to this long are copied together, so that many small ones cost one write.
const SMALL_BYTES: usize = 4 << 10;
/// Bytes taken for one write.
const BATCH_BYTES: usize = 256 << 10;

/// A frame was not queued.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SendError {
    /// The peer is slower than what is sent to it; leave the rest to repair.
    #[error("the peer's queue is full")]
    Full,
    /// There is no session with the device.
    #[error("the device is not connected")]
    NotConnected,
    /// The frame is longer than [`MAX_FRAME_BYTES`].
    #[error("the frame is longer than {MAX_FRAME_BYTES} bytes")]
    TooLong,
}

/// Frames on their way to the connection's writer.
#[derive(Debug)]
pub(super) struct Outbox {
    max_bytes: usize,
    max_frames: usize,
    queue: Mutex<Queue>,
    filled: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    frames: VecDeque<Bytes>,
    bytes: usize,
}

impl Outbox {
    /// An empty queue; `max_bytes` is at least one frame of the greatest length.
    pub(super) fn new(max_bytes: usize, max_frames: usize) -> Self {
        let max_bytes = max_bytes.max(MAX_FRAME_BYTES);
        Self { max_bytes, max_frames, queue: Mutex::default(), filled: Notify::new() }
    }

    /// Adds a frame, or says at once why not.
    pub(super) fn push(&self, frame: Bytes) -> Result<(), SendError> {
        if frame.len() > MAX_FRAME_BYTES {
            return Err(SendError::TooLong);
        }
        {
            let mut queue = self.lock();
            if queue.frames.len() >= self.max_frames || queue.bytes + frame.len() > self.max_bytes {
                return Err(SendError::Full);
            }
            queue.bytes += frame.len();
            queue.frames.push_back(frame);
        }
        self.filled.notify_one();
        Ok(())
    }

    /// Frames waiting and their bytes.
    pub(super) fn waiting(&self) -> (usize, usize) {
        let queue = self.lock();
        (queue.frames.len(), queue.bytes)
    }

    /// Waits for frames and takes a batch, each with its length in front, as chunks to write.
    pub(super) async fn take(&self) -> Vec<Bytes> {
        loop {
            let filled = self.filled.notified();
            let batch = self.take_now();
            if !batch.is_empty() {
                return batch;
            }
            filled.await;
        }
    }

    fn take_now(&self) -> Vec<Bytes> {
        let mut queue = self.lock();
        let (mut chunks, mut together, mut taken) = (Vec::new(), BytesMut::new(), 0);
        while taken < BATCH_BYTES
            && let Some(frame) = queue.frames.pop_front()
        {
            queue.bytes -= frame.len();
            taken += 4 + frame.len();
            put_length(&mut together, frame.len());
            if frame.len() <= SMALL_BYTES {
                together.extend_from_slice(&frame);
            } else {
                chunks.push(together.split().freeze());
                chunks.push(frame);
            }
        }
        if !together.is_empty() {
            chunks.push(together.freeze());
        }
        chunks
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.queue.lock().expect("no holder of this lock panics")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::wire::FrameCutter;

    #[test]
    fn the_queue_is_bounded_by_frames_and_by_bytes() {
        let few = Outbox::new(0, 2);
        assert_eq!([few.push(Bytes::from_static(b"a")), few.push(Bytes::from_static(b"b"))], [Ok(()), Ok(())]);
        assert_eq!(few.push(Bytes::from_static(b"c")), Err(SendError::Full));

        let small = Outbox::new(0, 100);
        assert_eq!(small.push(vec![0; MAX_FRAME_BYTES].into()), Ok(()), "the longest frame always fits an empty queue");
        assert_eq!(small.push(Bytes::from_static(b"d")), Err(SendError::Full));
        assert_eq!(small.push(vec![0; MAX_FRAME_BYTES + 1].into()), Err(SendError::TooLong));
        small.take_now();
        assert_eq!(small.waiting(), (0, 0));
        assert_eq!(small.push(Bytes::from_static(b"d")), Ok(()));
    }

    #[test]
    fn a_batch_keeps_the_order_of_short_and_long_frames() {
        let outbox = Outbox::new(1 << 20, 100);
        let sent: Vec<Bytes> = [3, SMALL_BYTES + 1, 0, 7, SMALL_BYTES, 2 * SMALL_BYTES, 1]
            .iter()
            .enumerate()
            .map(|(i, &len)| vec![i as u8; len].into())
            .collect();
        sent.iter().for_each(|frame| outbox.push(frame.clone()).unwrap());
        let mut cutter = FrameCutter::default();
        outbox.take_now().iter().for_each(|chunk| cutter.feed(chunk));
        let got: Vec<Bytes> = std::iter::from_fn(|| cutter.next_frame().unwrap()).collect();
        assert_eq!(got, sent);
    }
}
