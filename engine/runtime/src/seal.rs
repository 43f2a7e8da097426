//! A snapshot's envelope: magic, version, length and checksum, so that a torn or flipped byte is seen before a
//! verdict depends on it.
//!
//! ```text
//! 16 bytes  "TIDEGATE-STATE\0\x01"   magic and version of the envelope
//!  8 bytes  length of the payload, little endian
//! 16 bytes  SipHash-1-3-128 of the payload, little endian
//!  n bytes  payload
//! ```

use siphasher::sip128::{Hasher128, SipHasher13};
use std::fmt;
use std::hash::Hasher;

const MAGIC: [u8; 16] = *b"TIDEGATE-STATE\0\x01";
const HEADER_BYTES: usize = 40;

/// Why sealed bytes cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealError {
    /// They do not begin as a snapshot does.
    NotASnapshot,
    /// There are fewer or more bytes than were sealed.
    Length {
        /// Bytes that were sealed.
        sealed: u64,
        /// Bytes that are there.
        found: u64,
    },
    /// The bytes are not the ones that were sealed.
    Checksum,
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SealError::NotASnapshot => f.write_str("this is not a snapshot of this version of tidegate"),
            SealError::Length { sealed, found } => {
                write!(f, "the snapshot is torn: {sealed} bytes were written, {found} are there")
            }
            SealError::Checksum => f.write_str("the snapshot is damaged: its checksum does not match"),
        }
    }
}

impl std::error::Error for SealError {}

fn checksum(payload: &[u8]) -> [u8; 16] {
    let mut hasher = SipHasher13::new();
    hasher.write(payload);
    hasher.finish128().as_u128().to_le_bytes()
}

/// Puts a payload into its envelope.
pub fn seal(payload: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::with_capacity(HEADER_BYTES + payload.len());
    sealed.extend_from_slice(&MAGIC);
    sealed.extend_from_slice(&(payload.len() as u64).to_le_bytes());
    sealed.extend_from_slice(&checksum(payload));
    sealed.extend_from_slice(payload);
    sealed
}

/// Takes a payload out of its envelope.
///
/// # Errors
/// When it was not sealed by [`seal`], or is not whole.
pub fn open(sealed: &[u8]) -> Result<&[u8], SealError> {
    let rest = sealed.strip_prefix(&MAGIC).ok_or(SealError::NotASnapshot)?;
    let (length, rest) = rest.split_first_chunk::<8>().ok_or(SealError::NotASnapshot)?;
    let (sum, payload) = rest.split_first_chunk::<16>().ok_or(SealError::NotASnapshot)?;
    let (sealed, found) = (u64::from_le_bytes(*length), payload.len() as u64);
    if sealed != found {
        return Err(SealError::Length { sealed, found });
    }
    if checksum(payload) != *sum {
        return Err(SealError::Checksum);
    }
    Ok(payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_flipped_bit_and_any_missing_byte_is_seen() {
        let sealed = seal(b"state");
        assert_eq!(open(&sealed), Ok(b"state".as_slice()));
        for bit in 0..sealed.len() * 8 {
            let mut flipped = sealed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(open(&flipped).is_err(), "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert!(open(&sealed[..length]).is_err(), "{length} bytes");
        }
    }
}
