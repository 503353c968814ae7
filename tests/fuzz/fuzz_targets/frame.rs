//! Bytes as frames of the wire, cut into pieces.
#![no_main]

use kintsugi_core::limits::FRAME_BYTES_MAX;
use kintsugi_core::protocol::Request;
use kintsugi_core::protocol::frame::{FrameBuffer, parse_request, write_frame};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let (size, bytes) = bytes.split_first().map_or((1, bytes), |(first, rest)| (usize::from(*first).max(1), rest));
    let mut buffer = FrameBuffer::default();
    for piece in bytes.chunks(size) {
        buffer.push(piece);
        while let Ok(Some(frame)) = buffer.next_frame() {
            assert!(frame.len() < FRAME_BYTES_MAX);
            if let Ok(request) = parse_request(frame) {
                let written = write_frame::<Request>(&request).expect("a request can be written");
                let again = parse_request(written.trim_ascii_end()).expect("and read again");
                assert_eq!(request, again);
            }
        }
    }
});
