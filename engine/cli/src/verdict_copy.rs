//! The copy of all verdicts that `--verdicts` asks for.

use connector::folder::VerdictWriter;
use model::Verdict;
use model::refusal::DeadLetter;
use runtime::Sink;
use std::io;
use std::path::Path;

use crate::failure::Failure;
use crate::output_file::OutputFile;

/// The copy; nothing where nobody asked, or nobody reads any more.
pub(crate) struct VerdictCopy(Option<VerdictWriter<OutputFile>>);

impl VerdictCopy {
    /// Opens the copy; `-` is standard output.
    pub(crate) fn open(path: Option<&Path>) -> Result<VerdictCopy, Failure> {
        let Some(path) = path else { return Ok(VerdictCopy(None)) };
        let file = OutputFile::open(path).map_err(|e| Failure::output(&path.display(), &e))?;
        Ok(VerdictCopy(Some(VerdictWriter::new(file))))
    }

    /// Puts it in its place.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        let Some(writer) = self.0 else { return Ok(()) };
        let finished = writer.finish().and_then(OutputFile::finish);
        finished.or_else(unless_nobody_reads).map_err(|e| Failure::output(&"the verdicts", &e))
    }
}

impl Sink for VerdictCopy {
    fn take(&mut self, verdicts: &[Verdict], dead: &[DeadLetter]) -> io::Result<()> {
        let Some(writer) = &mut self.0 else { return Ok(()) };
        writer.take(verdicts, dead).or_else(|error| {
            unless_nobody_reads(error)?;
            self.0 = None;
            Ok(())
        })
    }
}

/// A reader that went away has seen enough.
fn unless_nobody_reads(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error) }
}
