//! A picture that unfolds into gigabytes is refused from its header: nothing of its size is ever allocated.
//!
//! Alone in its file, for the peak of memory is the process's.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use consistency::{LONGEST_SIDE, Unreadable, decode};

/// What decoding a refused picture may add to the process: far below the 1.6 GB of 20,000 x 20,000 pixels.
const ALLOWED_KIB: u64 = 16 * 1024;

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 })
    })
}

fn chunk(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    let named = [&kind[..], data].concat();
    [&(data.len() as u32).to_be_bytes()[..], &named, &crc32(&named).to_be_bytes()].concat()
}

/// A PNG that claims a size and holds one byte of data.
fn png(width: u32, height: u32) -> Vec<u8> {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 6, 0, 0, 0]].concat();
    // zlib: a stored block of one zero byte, and its Adler-32.
    let data = [0x78, 0x01, 0x01, 0x01, 0x00, 0xfe, 0xff, 0x00, 0x00, 0x01, 0x00, 0x01];
    [&b"\x89PNG\r\n\x1a\n"[..], &chunk(*b"IHDR", &header), &chunk(*b"IDAT", &data), &chunk(*b"IEND", &[])].concat()
}

/// A JPEG that claims a size: the frame and the scan of three components, and hardly any data.
fn jpeg(width: u16, height: u16) -> Vec<u8> {
    let frame = [&[8][..], &height.to_be_bytes(), &width.to_be_bytes(), &[3, 1, 0x11, 0, 2, 0x11, 1, 3, 0x11, 1]].concat();
    let scan = [0xff, 0xda, 0, 12, 3, 1, 0, 2, 0, 3, 0, 0, 63, 0, 0, 0, 0, 0, 0xff, 0xd9];
    [&[0xff, 0xd8, 0xff, 0xc0][..], &(frame.len() as u16 + 2).to_be_bytes(), &frame, &scan].concat()
}

/// The most memory that this process has had, in KiB; none where the system does not say.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.split_whitespace().next()?.parse().ok()
}

#[test]
fn a_bomb_of_20_000_pixels_is_refused_from_its_header_in_bounded_memory() {
    let before = peak();
    for bomb in [png(20_000, 20_000), png(LONGEST_SIDE + 1, 1), jpeg(20_000, 20_000)] {
        let refused = decode(&bomb).unwrap_err();
        assert!(matches!(refused, Unreadable::TooLarge { .. }), "{refused:?}");
        assert!(refused.to_string().contains("a side may have 1 to 8192"), "{refused}");
    }
    // Larger than PNG allows: its own decoder refuses it.
    assert!(decode(&png(1, u32::MAX)).is_err());
    if let (Some(before), Some(after)) = (before, peak()) {
        assert!(after - before < ALLOWED_KIB, "{} KiB", after - before);
    }
}
