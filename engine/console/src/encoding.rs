//! Compressed bodies. What comes out is counted while it comes out: a bomb is refused at the limit, not after it
//! has filled the memory.

use axum::http::{HeaderMap, header};
use flate2::read::MultiGzDecoder;
use std::io::{self, Read};

use crate::intake::Share;
use crate::limit::ZSTD_WINDOW_LOG_MAX;
use crate::problem::{Code, Problem};

const PIECE_BYTES: usize = 64 << 10;

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Identity,
    Gzip,
    Zstd,
}

impl Encoding {
    /// As the headers say; one inside another is not undone.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Encoding, Problem> {
        let mut named = headers.get_all(header::CONTENT_ENCODING).iter();
        let name = named.next().map_or(Ok("identity"), |name| name.to_str());
        let name = name.unwrap_or_default().trim().to_ascii_lowercase();
        match (name.as_str(), named.next()) {
            ("identity", None) => Ok(Encoding::Identity),
            ("gzip" | "x-gzip", None) => Ok(Encoding::Gzip),
            ("zstd", None) => Ok(Encoding::Zstd),
            (_, _) => Err(Problem::new(Code::BodyEncoding, "one of gzip and zstd is read, once")),
        }
    }

    /// The body as it was before it was compressed. The share grows with it.
    pub(crate) fn undo(self, sent: &[u8], bytes_max: usize, share: &mut Share) -> Result<Vec<u8>, Problem> {
        match self {
            Encoding::Identity => Ok(sent.to_vec()),
            Encoding::Gzip => all(&mut MultiGzDecoder::new(sent), sent.len(), bytes_max, share),
            Encoding::Zstd => all(&mut zstd(sent).map_err(broken)?, sent.len(), bytes_max, share),
        }
    }
}

fn zstd(sent: &[u8]) -> io::Result<impl Read + '_> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(sent)?;
    decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
    Ok(decoder)
}

fn all(from: &mut dyn Read, sent: usize, bytes_max: usize, share: &mut Share) -> Result<Vec<u8>, Problem> {
    let mut whole = Vec::new();
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let read = from.read(&mut piece).map_err(broken)?;
        if read == 0 {
            return Ok(whole);
        }
        if whole.len() + read > bytes_max {
            let detail = format!("it has more than {bytes_max} bytes when decompressed; send it in parts");
            return Err(Problem::new(Code::BodyTooLarge, detail));
        }
        share.hold(sent + whole.len() + read)?;
        whole.extend_from_slice(piece.get(..read).unwrap_or_default());
    }
}

fn broken(error: io::Error) -> Problem {
    Problem::new(Code::BodyBroken, format!("it cannot be decompressed: {error}"))
}
