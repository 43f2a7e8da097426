//! One writer per folder: a lock of the operating system on a file whose content says who holds it. The lock ends
//! with its process, however that ends; the content may outlive it and then means nothing.

use model::EventTime;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::time::Duration;

use super::fault::OpenError;

const LOCK: &str = "lock";
/// Where Linux says how the machine is called; elsewhere the process has to do.
const HOST_NAME: &str = "/proc/sys/kernel/hostname";
/// Somebody who asks who holds a lock holds it for a moment: try again so often, after so long.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(20);

/// Who writes a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process.
    pub pid: u32,
    /// The machine.
    pub host: String,
    /// Since when, milliseconds since the epoch.
    pub since_at: i64,
    /// Where it listens, if it does: a URL.
    pub listening: Option<String>,
}

impl Holder {
    /// This process on this machine.
    pub fn here(since: EventTime, listening: Option<String>) -> Holder {
        let host = std::fs::read_to_string(HOST_NAME).ok().map(|name| name.trim().to_owned());
        let host = host.filter(|name| !name.is_empty()).unwrap_or_else(|| "this machine".to_owned());
        Holder { pid: std::process::id(), host, since_at: since.as_ms(), listening }
    }

    /// Who writes the store in a folder at the moment.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn of(folder: &Path) -> io::Result<Option<Holder>> {
        let mut file = match File::open(folder.join(LOCK)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => Ok(read(&mut file)),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn since(&self) -> Option<EventTime> {
        EventTime::from_ms(self.since_at)
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} on {}", self.pid, self.host)?;
        if let Some(since) = self.since() {
            write!(f, ", since {since}")?;
        }
        match &self.listening {
            Some(address) => write!(f, ", listening on {address}"),
            None => Ok(()),
        }
    }
}

fn read(file: &mut File) -> Option<Holder> {
    let mut content = String::new();
    file.read_to_string(&mut content).ok()?;
    serde_json::from_str(&content).ok()
}

/// A lock that is held.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock of a folder and says who holds it.
    pub(crate) fn take(folder: &Path, holder: &Holder) -> Result<Lock, OpenError> {
        let failed = |error| OpenError::Folder(folder.to_path_buf(), error);
        let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).clone();
        let mut file = options.open(folder.join(LOCK)).map_err(failed)?;
        match patiently(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::Held(folder.to_path_buf(), read(&mut file)));
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let mut lock = Lock { file };
        lock.say(holder).map_err(failed)?;
        Ok(lock)
    }

    /// The words on it, for somebody else to change while it is held.
    pub(crate) fn sign(&self, holder: &Holder) -> io::Result<Sign> {
        Ok(Sign { lock: Lock { file: self.file.try_clone()? }, holder: holder.clone() })
    }

    /// Says who holds it.
    pub(crate) fn say(&mut self, holder: &Holder) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        let mut line = serde_json::to_vec(holder)?;
        line.push(b'\n');
        self.file.write_all(&line)?;
        self.file.sync_all()
    }
}

/// What a lock that is held says about who holds it.
#[derive(Debug)]
pub struct Sign {
    lock: Lock,
    holder: Holder,
}

impl Sign {
    /// Says where the process listens, for whoever is told that the folder is in use, or wants to talk to it.
    ///
    /// # Errors
    /// When the lock's file cannot be written; the lock is held nevertheless.
    pub fn say_listening(mut self, url: &str) -> io::Result<()> {
        self.holder.listening = Some(url.to_owned());
        self.lock.say(&self.holder)
    }
}

fn patiently(file: &File) -> Result<(), TryLockError> {
    for _ in 1..TRIES {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
            done => return done,
        }
    }
    file.try_lock()
}
