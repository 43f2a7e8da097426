//! Where verdicts are read from: a file, a lane's store, or what the last run left behind.

use connector::folder::{Folder, read_verdicts};
use connector::store::Reader;
use model::Verdict;
use runtime::books::{PAGE_ROWS_MAX, PublishedVerdict};
use std::path::{Path, PathBuf};

use crate::args::{Data, MaybeData};
use crate::config::Config;
use crate::failure::Failure;

/// Where verdicts are read from.
pub(crate) enum VerdictSource {
    /// A file, one verdict a line.
    File(PathBuf),
    /// The store of a lane.
    Lane(Data),
}

impl VerdictSource {
    /// The file that is named, else the lane, else what the last run left behind.
    pub(crate) fn meant(
        file: Option<&Path>,
        data: &MaybeData,
        config: &Config,
    ) -> Result<VerdictSource, Failure> {
        match (file, data.lane()) {
            (Some(file), _) => Ok(VerdictSource::File(file.to_path_buf())),
            (None, Some(lane)) => Ok(VerdictSource::Lane(lane)),
            (None, None) => {
                let folder = Folder::open(&config.state).map_err(|e| Failure::unreadable(e.to_string()))?;
                Ok(VerdictSource::File(folder.verdicts_path()))
            }
        }
    }

    /// Hands every verdict on, in order.
    pub(crate) fn each(&self, mut take: impl FnMut(Verdict)) -> Result<(), Failure> {
        match self {
            VerdictSource::File(path) => {
                let verdicts = read_verdicts(path).map_err(|e| Failure::input(path, &e))?;
                for verdict in verdicts {
                    take(verdict.map_err(|e| Failure::input(path, &e))?);
                }
                Ok(())
            }
            VerdictSource::Lane(data) => each_published(data, &data.read()?, 0, |published| {
                take(parsed(data, published.json.as_bytes())?);
                Ok(())
            }),
        }
    }
}

/// Hands every verdict of a lane after a sequence on, as it was published.
pub(crate) fn each_published(
    data: &Data,
    reader: &Reader,
    after: u64,
    mut take: impl FnMut(PublishedVerdict) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut after = after;
    loop {
        let verdicts = data.answered(reader.verdicts_after(after, PAGE_ROWS_MAX))?;
        let Some(last) = verdicts.last() else { return Ok(()) };
        after = last.sequence;
        verdicts.into_iter().try_for_each(&mut take)?;
    }
}

/// A verdict of a lane, from its JSON.
pub(crate) fn parsed(data: &Data, json: &[u8]) -> Result<Verdict, Failure> {
    connector::wire::read_verdict(json).map_err(|refusal| {
        Failure::input(data.folder(), &format!("`{}` {}", refusal.pointer, refusal.detail))
    })
}
