//! Reading back what was written: the few boxes of an MP4 file that say what is in it.
//!
//! Starting ffprobe for every shot costs a good part of encoding it; these boxes say the same in
//! microseconds. The tests hold this reader against ffprobe.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use bible::Digest;

/// Most bytes of a `moov` box that are read; an hour's index has a few.
const MOST_INDEX: u64 = 64 << 20;

/// One track of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Track {
    /// `vide`, `soun`, `sbtl`, `text`…
    pub(crate) handler: [u8; 4],
    /// `avc1`, `mp4a`, `tx3g`…
    pub(crate) codec: [u8; 4],
    /// Coded pictures, or packets of sound.
    pub(crate) samples: u32,
    /// Ticks a second.
    pub(crate) timescale: u32,
    /// Length of the media in ticks.
    pub(crate) duration: u64,
    /// Ticks of each sample when all take equally many.
    pub(crate) step: Option<u32>,
    /// Width and height in pixels; zero for sound.
    pub(crate) size: (u16, u16),
    /// Identity of the sample description (codec, size, parameter sets): tracks with the same one can be
    /// joined without encoding.
    pub(crate) description: Digest,
}

/// Reads the tracks of an MP4 file, or says what is wrong with it.
pub(crate) fn tracks(path: &Path) -> Result<Vec<Track>, String> {
    let index = index(path).map_err(|error| format!("it cannot be read: {error}"))?.ok_or("it has no index: it was never finished")?;
    let tracks: Option<Vec<Track>> = boxes(&index).filter(|(kind, _)| *kind == b"trak").map(|(_, body)| track(body)).collect();
    tracks.ok_or_else(|| "its index is broken".to_owned())
}

/// The body of the `moov` box.
fn index(path: &Path) -> std::io::Result<Option<Vec<u8>>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut at = 0;
    while at + 8 <= length {
        file.seek(SeekFrom::Start(at))?;
        let mut header = [0; 16];
        let read = header.len().min((length - at) as usize);
        file.read_exact(&mut header[..read])?;
        let (size, skip) = match be32(&header, 0) {
            Some(1) => (u64::from(be32(&header, 8).unwrap_or(0)) << 32 | u64::from(be32(&header, 12).unwrap_or(0)), 16),
            Some(0) => (length - at, 8),
            size => (u64::from(size.unwrap_or(0)), 8),
        };
        if size < skip || at + size > length {
            return Ok(None);
        }
        if &header[4..8] == b"moov" && size <= MOST_INDEX {
            file.seek(SeekFrom::Start(at + skip))?;
            let mut body = vec![0; (size - skip) as usize];
            file.read_exact(&mut body)?;
            return Ok(Some(body));
        }
        at += size;
    }
    Ok(None)
}

/// The boxes one after the other in `bytes`; stops at the first that does not fit.
fn boxes(mut bytes: &[u8]) -> impl Iterator<Item = (&[u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let size = be32(bytes, 0)? as usize;
        let kind = bytes.get(4..8)?.first_chunk()?;
        let body = bytes.get(8..size)?;
        bytes = &bytes[size..];
        Some((kind, body))
    })
}

fn find<'a>(bytes: &'a [u8], path: &[&[u8; 4]]) -> Option<&'a [u8]> {
    path.iter().try_fold(bytes, |bytes, wanted| boxes(bytes).find(|(kind, _)| kind == wanted).map(|(_, body)| body))
}

fn track(body: &[u8]) -> Option<Track> {
    let media = find(body, &[b"mdia"])?;
    let header = find(media, &[b"mdhd"])?;
    let (timescale, duration) = match header.first()? {
        0 => (be32(header, 12)?, u64::from(be32(header, 16)?)),
        _ => (be32(header, 20)?, u64::from(be32(header, 24)?) << 32 | u64::from(be32(header, 28)?)),
    };
    let handler = *find(media, &[b"hdlr"])?.get(8..12)?.first_chunk()?;
    let table = find(media, &[b"minf", b"stbl"])?;
    let sizes = find(table, &[b"stsz"])?;
    let times = find(table, &[b"stts"])?;
    let step = (be32(times, 4)? == 1).then(|| be32(times, 12)).flatten();
    let descriptions = find(table, &[b"stsd"])?;
    // Version, flags and count, then the entry: its size, its kind, 6 reserved bytes, a reference; for
    // pictures 16 bytes on follow width and height.
    let entry = descriptions.get(8..)?;
    let codec = *entry.get(4..8)?.first_chunk()?;
    let size = if &handler == b"vide" { (be16(entry, 32)?, be16(entry, 34)?) } else { (0, 0) };
    let description = if &handler == b"vide" { description(entry)? } else { Digest::of(entry) };
    Some(Track { handler, codec, samples: be32(sizes, 8)?, timescale, duration, step, size, description })
}

/// What of a picture track's sample entry matters for joining: kind, size and decoder set-up. The bit
/// rate that ffmpeg notes beside them differs from clip to clip.
fn description(entry: &[u8]) -> Option<Digest> {
    let mut relevant = entry.get(4..8)?.to_vec();
    relevant.extend_from_slice(entry.get(32..36)?);
    for (kind, body) in boxes(entry.get(86..)?) {
        if kind != b"btrt" {
            relevant.extend_from_slice(kind);
            relevant.extend_from_slice(body);
        }
    }
    Some(Digest::of(&relevant))
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|chunk| u16::from_be_bytes(*chunk))
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|chunk| u32::from_be_bytes(*chunk))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_mp4_is_an_error_and_never_a_panic() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.mp4");
        let cases: [&[u8]; 6] = [
            b"",
            b"moov",
            b"\0\0\0\x08moov",
            b"\0\0\0\x10moov\xff\xff\xff\xfftrak",
            b"\0\0\0\x10moov\0\0\0\x08trak",
            b"\0\0\0\x01moov\0\0\0\0\0\0\0\x10",
        ];
        for bytes in cases {
            std::fs::write(&path, bytes).unwrap();
            let read = tracks(&path);
            assert!(read.is_err() || read == Ok(Vec::new()), "{bytes:?}: {read:?}");
        }
        assert!(tracks(&folder.path().join("nowhere")).is_err());
    }
}
