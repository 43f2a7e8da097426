//! A file that a command was asked to write. It is written beside its place and put there at the end: a command that
//! fails leaves what was there. What is no file on a disk (standard output, a pipe) is written as it comes.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

use crate::failure::Failure;

/// The file, until it is finished.
pub(crate) struct OutputFile {
    out: BufWriter<Box<dyn Write + Send>>,
    draft: Option<Draft>,
}

/// A file beside its place; dropped, it goes.
struct Draft {
    file: NamedTempFile<File>,
    place: PathBuf,
}

impl OutputFile {
    /// Opens it; `-` is standard output.
    pub(crate) fn open(path: &Path) -> io::Result<OutputFile> {
        let (out, draft): (Box<dyn Write + Send>, _) = match place_of(path) {
            _ if path == Path::new("-") => (Box::new(io::stdout()), None),
            None => (Box::new(File::options().write(true).open(path)?), None),
            Some(place) => {
                let draft = Draft::beside(place)?;
                (Box::new(draft.file.as_file().try_clone()?), Some(draft))
            }
        };
        Ok(OutputFile { out: BufWriter::with_capacity(1 << 18, out), draft })
    }

    /// Puts it in its place, with all that was written.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.out.flush()?;
        match self.draft {
            Some(Draft { file, place }) => {
                file.as_file().sync_all()?;
                file.persist(place).map(drop).map_err(|e| e.error)
            }
            None => Ok(()),
        }
    }
}

/// Refuses to write over a file that is there: pipes and devices are none.
pub(crate) fn only_new(path: &Path) -> Result<(), Failure> {
    match place_of(path).filter(|place| place.exists()) {
        Some(place) => Err(Failure::usage(format!(
            "{} is there already; name a file that is not, or write over it with --force",
            place.display()
        ))),
        None => Ok(()),
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
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
        Ok(place) => Some(place).filter(|place| place.is_file()),
        Err(_) => Some(path.to_path_buf()),
    }
}
