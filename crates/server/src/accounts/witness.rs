//! A second place that says how far the store has come, so that an older copy of it is noticed.
//!
//! A quota is worth nothing if its counts can be put back by restoring yesterday's file. The
//! witness is a small file beside the store, or on another disk if the operator says so. It holds
//! the store's number and how many changes were kept in it. A store that is behind its witness is
//! an older copy. What is not noticed: an older copy of both.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Bytes of the checksum at the end.
const CHECK_BYTES: usize = 16;
/// Bytes of the file.
const BYTES: usize = 16 + CHECK_BYTES;

/// How far a store has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The number of the store, drawn when it was made.
    pub store: u64,
    /// How many changes were kept in it.
    pub changes: u64,
}

/// The witness.
#[derive(Debug)]
pub struct Witness(File);

impl Witness {
    /// Opens the file, and makes it if there is none.
    ///
    /// # Errors
    /// If it cannot be opened to be written.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        Ok(Self(file))
    }

    /// What it says; `None` if it is new.
    ///
    /// # Errors
    /// If it cannot be read, or is no witness.
    pub fn read(&mut self) -> io::Result<Option<Standing>> {
        let mut bytes = Vec::new();
        self.0.seek(SeekFrom::Start(0))?;
        (&mut self.0).take(BYTES as u64 + 1).read_to_end(&mut bytes)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        let damaged = || io::Error::new(io::ErrorKind::InvalidData, "the file is damaged, or is another one");
        decode(&bytes).map(Some).ok_or_else(damaged)
    }

    /// Says how far the store has come. It reaches the disk when the system writes it: a witness
    /// that lags behind its store is as good, but for the last seconds before a power cut.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&mut self, standing: Standing) -> io::Result<()> {
        self.0.seek(SeekFrom::Start(0))?;
        self.0.write_all(&encode(standing))
    }
}

fn check(head: &[u8]) -> [u8; CHECK_BYTES] {
    let mut check = [0; CHECK_BYTES];
    let mut hasher = blake3::Hasher::new_derive_key("pp-server witness of a store, version 1");
    hasher.update(head).finalize_xof().fill(&mut check);
    check
}

fn encode(Standing { store, changes }: Standing) -> Vec<u8> {
    let mut bytes = [store.to_le_bytes(), changes.to_le_bytes()].concat();
    bytes.extend(check(&bytes));
    bytes
}

fn decode(bytes: &[u8]) -> Option<Standing> {
    let (head, checked) = bytes.split_at_checked(BYTES - CHECK_BYTES)?;
    let ([store, changes], []) = head.as_chunks::<8>() else { return None };
    let standing = Standing { store: u64::from_le_bytes(*store), changes: u64::from_le_bytes(*changes) };
    (checked == check(head)).then_some(standing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_was_written_last_and_notices_damage() {
        let path = std::env::temp_dir().join(format!("witness-{}", std::process::id()));
        let mut witness = Witness::open(&path).unwrap();
        assert_eq!(witness.read().unwrap(), None);
        for changes in [1, 300] {
            witness.write(Standing { store: 9, changes }).unwrap();
        }
        drop(witness);
        let read = Witness::open(&path).unwrap().read().unwrap();
        assert_eq!(read, Some(Standing { store: 9, changes: 300 }));
        let whole = std::fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            assert_eq!(decode(&bytes), None, "byte {at}");
            assert_eq!(decode(&whole[..at]), None, "{at} bytes");
        }
        std::fs::write(&path, [&whole[..], &[0]].concat()).unwrap();
        assert!(Witness::open(&path).unwrap().read().is_err());
        std::fs::remove_file(&path).unwrap();
    }
}
