//! The file that `--verdicts` asks for. It is written beside its place and put there when the run has ended: a run
//! that fails leaves what was there. What is no file on a disk (standard output, a pipe) is written as it comes.

use connector::folder::VerdictWriter;
use model::Verdict;
use model::refusal::DeadLetter;
use runtime::Sink;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

use crate::failure::Failure;

/// A copy of the verdicts, where one was asked for.
pub(crate) struct VerdictCopy {
    /// None where nobody asked, or nobody reads any more.
    writer: Option<VerdictWriter<Box<dyn Write + Send>>>,
    draft: Option<Draft>,
}

/// A file beside its place; dropped, it goes.
struct Draft {
    file: NamedTempFile<File>,
    place: PathBuf,
}

impl VerdictCopy {
    /// Opens the copy; `-` is standard output.
    pub(crate) fn open(path: Option<&Path>) -> Result<VerdictCopy, Failure> {
        let Some(path) = path else { return Ok(VerdictCopy { writer: None, draft: None }) };
        let failed = |e: io::Error| Failure::output(&path.display(), &e);
        let (out, draft): (Box<dyn Write + Send>, _) = match place_of(path) {
            _ if path == Path::new("-") => (Box::new(io::stdout()), None),
            None => (Box::new(File::options().write(true).open(path).map_err(failed)?), None),
            Some(place) => {
                let draft = Draft::beside(place).map_err(failed)?;
                (Box::new(draft.file.as_file().try_clone().map_err(failed)?), Some(draft))
            }
        };
        let writer = VerdictWriter::new(Box::new(BufWriter::with_capacity(1 << 18, out)) as Box<_>);
        Ok(VerdictCopy { writer: Some(writer), draft })
    }

    /// Puts it in its place.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        let failed = |e: io::Error| Failure::output(&"the verdicts", &e);
        let written = self.writer.map_or(Ok(()), VerdictWriter::finish);
        written.or_else(unless_nobody_reads).map_err(failed)?;
        match self.draft {
            Some(Draft { file, place }) => {
                file.as_file().sync_all().map_err(failed)?;
                file.persist(place).map(drop).map_err(|e| failed(e.error))
            }
            None => Ok(()),
        }
    }
}

impl Sink for VerdictCopy {
    fn take(&mut self, verdicts: &[Verdict], dead: &[DeadLetter]) -> io::Result<()> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        writer.take(verdicts, dead).or_else(|error| {
            unless_nobody_reads(error)?;
            self.writer = None;
            Ok(())
        })
    }
}

/// A reader that went away has seen enough.
fn unless_nobody_reads(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error) }
}

impl Draft {
    fn beside(place: PathBuf) -> io::Result<Draft> {
        // What may not be written may not be replaced either.
        let before = match File::options().append(true).open(&place) {
            Ok(file) => Some(file.metadata()?.permissions()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let name = place.file_name().unwrap_or_default();
        let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty());
        let file = tempfile::Builder::new()
            .prefix(name)
            .suffix(".draft")
            .make_in(folder.unwrap_or(Path::new(".")), |path| File::create_new(path))?;
        if let Some(permissions) = before {
            file.as_file().set_permissions(permissions)?;
        }
        Ok(Draft { file, place })
    }
}

/// Where a file on a disk lies, or would; nothing for pipes and devices.
fn place_of(path: &Path) -> Option<PathBuf> {
    if path.starts_with("/dev") {
        return None;
    }
    match path.canonicalize() {
        Ok(place) => Some(place).filter(|place| !place.exists() || place.is_file()),
        Err(_) => Some(path.to_path_buf()),
    }
}
