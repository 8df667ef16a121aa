//! The ways out: a relay over SMTP, a folder of `.eml` files, or a list in memory.
//!
//! [`Transport::send`] says which of three things a failure is, because the outbox treats them differently: refused for
//! good, to be tried again, or unknown. What is absent on purpose: retries, which are the outbox's.

use std::{
    fmt,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    message::{self, MessageFault},
    smtp::{Smtp, SmtpFault, SmtpSettings},
};
use crate::domain::letter::Letter;

/// Where letters go.
#[derive(Debug)]
pub enum Transport {
    /// To a mail relay.
    Smtp(Box<Smtp>),
    /// Into a folder, one file each: nothing has to be installed.
    Folder(Folder),
    /// Into a list that tests read.
    Memory(Memory),
}

/// Why a letter did not go out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendFault {
    /// Refused for good, with this reply: trying again changes nothing.
    Permanent(String),
    /// Not now: the relay is away, busy or misconfigured.
    Transient(String),
    /// All was said, but no answer came: it may have gone. Only to be sent again under the same Message-ID.
    Unknown(String),
}

impl fmt::Display for SendFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Permanent(reply) => write!(f, "refused: {reply}"),
            Self::Transient(reason) => write!(f, "not sent: {reason}"),
            Self::Unknown(reason) => write!(f, "outcome unknown: {reason}"),
        }
    }
}

impl std::error::Error for SendFault {}

impl From<MessageFault> for SendFault {
    fn from(fault: MessageFault) -> Self {
        Self::Permanent(fault.to_string())
    }
}

impl Transport {
    /// To a mail relay.
    ///
    /// # Errors
    /// [`SmtpFault`] when its certificates cannot be used.
    pub fn smtp(settings: SmtpSettings) -> Result<Self, SmtpFault> {
        Smtp::new(settings).map(|relay| Self::Smtp(Box::new(relay)))
    }

    /// Into the folder at `path`, made when first needed.
    #[must_use]
    pub const fn folder(path: PathBuf) -> Self {
        Self::Folder(Folder::new(path))
    }

    /// Hands the letter over.
    ///
    /// # Errors
    /// [`SendFault`] tells whether trying again makes sense.
    pub async fn send(&self, letter: &Letter) -> Result<(), SendFault> {
        match self {
            Self::Smtp(relay) => relay.send(letter).await,
            Self::Folder(folder) => folder.send(letter).await,
            Self::Memory(memory) => memory.send(letter),
        }
    }

    /// Whether letters could go out now, without sending any.
    ///
    /// # Errors
    /// [`SendFault`] says what stands in the way.
    pub async fn check(&self) -> Result<(), SendFault> {
        match self {
            Self::Smtp(relay) => relay.check().await,
            Self::Folder(folder) => folder.check().await,
            Self::Memory(_) => Ok(()),
        }
    }

    /// Says goodbye on connections kept open for the next letter.
    pub async fn close(&self) {
        match self {
            Self::Smtp(relay) => relay.close().await,
            Self::Folder(_) | Self::Memory(_) => {}
        }
    }
}

/// What the transport is, without its secrets.
impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Smtp(relay) => write!(f, "relay {relay}"),
            Self::Folder(folder) => write!(f, "folder {}", folder.path.display()),
            Self::Memory(_) => f.write_str("memory"),
        }
    }
}

/// A folder that collects letters as files.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The folder at `path`, made when first needed.
    #[must_use]
    pub const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Where the file of this letter is, or will be.
    #[must_use]
    pub fn file_of(&self, letter: &Letter) -> PathBuf {
        self.path.join(format!("{}-{}.eml", letter.created.utc().format("%Y%m%dT%H%M%SZ"), letter.id))
    }

    async fn send(&self, letter: &Letter) -> Result<(), SendFault> {
        let bytes = message::to_bytes(letter)?;
        let file = self.file_of(letter);
        let temporary = self.path.join(format!(".{}.part", letter.id));
        in_background(move || keep(&file, &temporary, &bytes)).await
    }

    async fn check(&self) -> Result<(), SendFault> {
        let probe = self.path.join(format!(".check-{}.part", std::process::id()));
        in_background(move || {
            make_folder_of(&probe)?;
            File::create(&probe)?;
            fs::remove_file(&probe)
        })
        .await
    }
}

async fn in_background(work: impl FnOnce() -> io::Result<()> + Send + 'static) -> Result<(), SendFault> {
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(fault)) => Err(SendFault::Transient(format!("the mail folder: {fault}"))),
        Err(fault) => Err(SendFault::Transient(format!("the mail folder: {fault}"))),
    }
}

/// The same letter is the same file with the same bytes, so one that is there already was sent before. A reader of the
/// folder never sees half a file, and after the return the file outlives a power cut.
fn keep(file: &Path, temporary: &Path, bytes: &[u8]) -> io::Result<()> {
    if file.exists() {
        return Ok(());
    }
    let folder = make_folder_of(file)?;
    let mut part = File::create(temporary)?;
    part.write_all(bytes)?;
    part.sync_all()?;
    fs::rename(temporary, file)?;
    File::open(folder)?.sync_all()
}

fn make_folder_of(file: &Path) -> io::Result<&Path> {
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    Ok(folder)
}

/// A list of letters. Clones share it, so that a test keeps one end.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    sent: Arc<Mutex<Vec<Letter>>>,
}

impl Memory {
    /// All that was sent, oldest first; a letter sent twice is here twice.
    #[must_use]
    pub fn letters(&self) -> Vec<Letter> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn send(&self, letter: &Letter) -> Result<(), SendFault> {
        message::to_bytes(letter)?;
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).push(letter.clone());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::letters::tests::{engagement, offer, reader, write};

    fn run<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
    }

    #[test]
    fn a_folder_keeps_one_whole_file_per_letter() {
        let path = std::env::temp_dir().join(format!("rostrum-folder-{}", uuid::Uuid::now_v7()));
        let folder = Folder::new(path.join("deep"));
        let transport = Transport::Folder(folder.clone());
        let letter = write(&offer(engagement()), &reader("Ada", "UTC"));
        run(async {
            transport.check().await.unwrap();
            transport.send(&letter).await.unwrap();
            transport.send(&letter).await.unwrap();
        });
        let files: Vec<_> = fs::read_dir(path.join("deep")).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(files, [folder.file_of(&letter)]);
        assert_eq!(fs::read(&files[0]).unwrap(), message::to_bytes(&letter).unwrap());
        assert!(files[0].ends_with(format!("20270115T080000Z-{}.eml", letter.id)), "{files:?}");
        fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_a_passing_fault() {
        let path = std::env::temp_dir().join(format!("rostrum-file-{}", uuid::Uuid::now_v7()));
        fs::write(&path, "in the way").unwrap();
        let transport = Transport::Folder(Folder::new(path.join("mail")));
        let letter = write(&offer(engagement()), &reader("Ada", "UTC"));
        run(async {
            assert!(matches!(transport.check().await, Err(SendFault::Transient(_))));
            assert!(matches!(transport.send(&letter).await, Err(SendFault::Transient(_))));
        });
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn memory_keeps_what_was_sent() {
        let memory = Memory::default();
        let transport = Transport::Memory(memory.clone());
        let letter = write(&offer(engagement()), &reader("Ada", "UTC"));
        run(transport.send(&letter)).unwrap();
        assert_eq!(memory.letters(), [letter]);
    }
}
