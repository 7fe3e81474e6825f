//! The counts and the audit trail on the disk.
//!
//! Changes are made in transactions of redb: after a crash at any point a transaction is there
//! whole or not at all. [`Page::commit`] returns once it is on the disk.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use redb::backends::InMemoryBackend;
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition, WriteTransaction};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::audit::{Event, SessionEvent};
use super::limits::Exception;
use super::usage::Usage;
use super::witness::{Standing, Witness};

/// Name of the store in its folder.
const STORE: &str = "accounts.redb";
/// Name of the witness, unless it has a place of its own.
const WITNESS: &str = "accounts.witness";
/// Memory for what was read.
const CACHE_BYTES: usize = 16 << 20;

/// By client: what it has had.
const USAGE: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("usage");
/// By client: what is different for it.
const EXCEPTIONS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("exceptions");
/// The audit trail, in the order of time.
const AUDIT: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("audit");
/// The store's number and how many changes were kept.
const STANDING: TableDefinition<'_, &str, u64> = TableDefinition::new("standing");

/// A store that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file cannot be used.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another program has the store open.
    #[error("{0} is in use by another pp-server; give each a folder of its own with --state")]
    InUse(PathBuf),
    /// The store is an older copy.
    #[error(
        "{path} is an older copy: its witness saw {seen} changes, and it holds {held}. The counts of quotas \
         since then are lost. Put the newest copy back, or accept the loss with `pp-server quota accept-loss`"
    )]
    Restored {
        /// The store.
        path: PathBuf,
        /// What the witness says.
        seen: u64,
        /// What the store says.
        held: u64,
    },
    /// The witness is that of another store.
    #[error(
        "{path} has the witness of another store beside it. If that store is lost, accept it with `pp-server \
         quota accept-loss`"
    )]
    Foreign {
        /// The store.
        path: PathBuf,
    },
    /// The database failed: the disk is full or broken, or the file is damaged.
    #[error("the store of counts: {0}")]
    Database(Box<redb::Error>),
    /// An entry cannot be read.
    #[error("the store of counts: an entry cannot be read: {0}")]
    Entry(#[source] serde_json::Error),
}

impl<E: Into<redb::Error>> From<E> for StoreError {
    fn from(error: E) -> Self {
        Self::Database(Box::new(error.into()))
    }
}

/// Where a store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its folder.
    pub folder: PathBuf,
    /// Its witness, if that is elsewhere.
    pub witness: Option<PathBuf>,
}

/// What to do with a store that is behind its witness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Do not use it.
    Refuse,
    /// Use it: what was counted since is lost.
    Accept,
}

/// The store.
pub struct Store {
    database: Database,
    witness: Option<Witness>,
}

/// A transaction.
pub struct Page<'a> {
    transaction: WriteTransaction,
    witness: Option<&'a mut Witness>,
}

impl Store {
    /// A store that ends with the program.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn in_memory() -> Result<Self, StoreError> {
        let database = Database::builder().create_with_backend(InMemoryBackend::new())?;
        let mut store = Self { database, witness: None };
        store.begin_standing()?;
        Ok(store)
    }

    /// Opens the store in a folder, and makes both if there are none.
    ///
    /// # Errors
    /// [`StoreError`]; the text names the file and what to do.
    pub fn open(place: &Place, loss: Loss) -> Result<Self, StoreError> {
        let path = place.folder.join(STORE);
        make_private(&place.folder)?;
        let opened = Database::builder().set_cache_size(CACHE_BYTES).create(&path);
        let database = opened.map_err(|error| match error {
            redb::DatabaseError::DatabaseAlreadyOpen => StoreError::InUse(path.clone()),
            other => other.into(),
        })?;
        let beside = place.folder.join(WITNESS);
        let place = place.witness.as_deref().unwrap_or(&beside);
        let mut witness = Witness::open(place).map_err(|source| at(place, source))?;
        let seen = match (witness.read(), loss) {
            (Ok(seen), _) => seen,
            (Err(_), Loss::Accept) => None,
            (Err(source), Loss::Refuse) => return Err(at(place, source)),
        };
        let mut store = Self { database, witness: Some(witness) };
        store.begin_standing()?;
        store.compare(&path, seen.filter(|_| loss == Loss::Refuse))?;
        // From here on the witness knows this store.
        store.begin()?.commit()?;
        Ok(store)
    }

    /// Begins a transaction; there is one at a time.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn begin(&mut self) -> Result<Page<'_>, StoreError> {
        Ok(Page { transaction: self.database.begin_write()?, witness: self.witness.as_mut() })
    }

    /// Draws the number of a new store.
    fn begin_standing(&mut self) -> Result<(), StoreError> {
        let transaction = self.database.begin_write()?;
        {
            let mut standing = transaction.open_table(STANDING)?;
            if standing.get("store")?.is_none() {
                standing.insert("store", rand::random::<u64>())?;
            }
            transaction.open_table(USAGE)?;
            transaction.open_table(EXCEPTIONS)?;
            transaction.open_table(AUDIT)?;
        }
        Ok(transaction.commit()?)
    }

    fn standing(&self) -> Result<Standing, StoreError> {
        let transaction = self.database.begin_read()?;
        let table = transaction.open_table(STANDING)?;
        let of = |name| Ok::<_, StoreError>(table.get(name)?.map_or(0, |value| value.value()));
        Ok(Standing { store: of("store")?, changes: of("changes")? })
    }

    /// Compares the store with what the witness saw.
    fn compare(&self, path: &Path, seen: Option<Standing>) -> Result<(), StoreError> {
        let (held, path) = (self.standing()?, path.to_owned());
        match seen {
            Some(seen) if seen.store != held.store => Err(StoreError::Foreign { path }),
            Some(seen) if seen.changes > held.changes => {
                Err(StoreError::Restored { path, seen: seen.changes, held: held.changes })
            }
            _ => Ok(()),
        }
    }
}

impl Page<'_> {
    /// What the client has had.
    ///
    /// # Errors
    /// [`StoreError`], as of every method here.
    pub fn usage(&self, client: &str) -> Result<Usage, StoreError> {
        Ok(self.read(USAGE, client)?.unwrap_or_default())
    }

    /// Notes what the client has had.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_usage(&self, client: &str, usage: &Usage) -> Result<(), StoreError> {
        self.write(USAGE, client, usage)
    }

    /// What is different for the client.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn exception(&self, client: &str) -> Result<Exception, StoreError> {
        Ok(self.read(EXCEPTIONS, client)?.unwrap_or_default())
    }

    /// Notes what is different for the client.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_exception(&self, client: &str, exception: &Exception) -> Result<(), StoreError> {
        self.write(EXCEPTIONS, client, exception)
    }

    /// Everyone who has had something, or for whom something is different.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn clients(&self) -> Result<Vec<String>, StoreError> {
        let mut names = Vec::new();
        for table in [USAGE, EXCEPTIONS] {
            for entry in self.transaction.open_table(table)?.iter()? {
                names.push(entry?.0.value().to_owned());
            }
        }
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// Forgets what a client has had.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn forget_usage(&self, client: &str) -> Result<(), StoreError> {
        self.transaction.open_table(USAGE)?.remove(client)?;
        Ok(())
    }

    /// Adds an entry to the audit trail; gives its number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn append(&self, event: &Event) -> Result<u64, StoreError> {
        let mut audit = self.transaction.open_table(AUDIT)?;
        let number = audit.last()?.map_or(0, |(number, _)| number.value() + 1);
        audit.insert(number, written(event)?.as_slice())?;
        Ok(number)
    }

    /// Changes the entry of a session, if it is still there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn change_session(
        &self,
        number: u64,
        change: impl FnOnce(&mut SessionEvent),
    ) -> Result<(), StoreError> {
        let mut audit = self.transaction.open_table(AUDIT)?;
        let found = audit.get(number)?.map(|entry| entry_of(entry.value())).transpose()?;
        if let Some(Event::Session(mut session)) = found {
            change(&mut session);
            audit.insert(number, written(&Event::Session(session))?.as_slice())?;
        }
        Ok(())
    }

    /// The latest entries of the audit trail that are not older than `since`, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn events(&self, since: u64, most: usize) -> Result<Vec<Event>, StoreError> {
        let audit = self.transaction.open_table(AUDIT)?;
        let mut events = Vec::new();
        for entry in audit.iter()?.rev() {
            let event: Event = entry_of(entry?.1.value())?;
            if event.at() < since || events.len() == most {
                break;
            }
            events.push(event);
        }
        Ok(events)
    }

    /// Drops the oldest entries of the audit trail, as long as they are older than `before` or
    /// there are more than `most`; at most `at_once` of them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn prune(&self, before: u64, most: u64, at_once: usize) -> Result<(), StoreError> {
        let mut audit = self.transaction.open_table(AUDIT)?;
        for _ in 0..at_once {
            let latest = audit.last()?.map_or(0, |(number, _)| number.value());
            let oldest = audit.first()?.map(|(number, entry)| {
                Ok::<_, StoreError>((number.value(), entry_of::<Event>(entry.value())?.at()))
            });
            let Some((number, at)) = oldest.transpose()? else { return Ok(()) };
            if at >= before && latest - number < most {
                return Ok(());
            }
            audit.remove(number)?;
        }
        Ok(())
    }

    /// Keeps the changes: on the disk once this returns.
    ///
    /// # Errors
    /// [`StoreError`]. Then nothing is kept.
    pub fn commit(self) -> Result<(), StoreError> {
        let standing = {
            let mut table = self.transaction.open_table(STANDING)?;
            let of = |name| Ok::<_, StoreError>(table.get(name)?.map_or(0, |value| value.value()));
            let standing = Standing { store: of("store")?, changes: of("changes")? + 1 };
            table.insert("changes", standing.changes)?;
            standing
        };
        self.transaction.commit()?;
        if let Some(Err(error)) = self.witness.map(|witness| witness.write(standing)) {
            tracing::warn!(%error, "the witness of the store of counts cannot be written");
        }
        Ok(())
    }

    fn read<T: DeserializeOwned>(
        &self,
        table: TableDefinition<'_, &str, &[u8]>,
        client: &str,
    ) -> Result<Option<T>, StoreError> {
        let table = self.transaction.open_table(table)?;
        table.get(client)?.map(|entry| entry_of(entry.value())).transpose()
    }

    fn write<T: Serialize>(
        &self,
        table: TableDefinition<'_, &str, &[u8]>,
        client: &str,
        value: &T,
    ) -> Result<(), StoreError> {
        self.transaction.open_table(table)?.insert(client, written(value)?.as_slice())?;
        Ok(())
    }
}

fn at(path: &Path, source: io::Error) -> StoreError {
    StoreError::File { path: path.to_owned(), source }
}

/// Makes the folder, for its owner alone.
fn make_private(folder: &Path) -> Result<(), StoreError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|source| at(folder, source))
}

fn written<T: Serialize>(value: &T) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(StoreError::Entry)
}

fn entry_of<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(bytes).map_err(StoreError::Entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder that is removed when this is dropped.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            Self(std::env::temp_dir().join(format!("pp-store-{}-{name}", std::process::id())))
        }

        fn open(&self, loss: Loss) -> Result<Store, StoreError> {
            Store::open(&Place { folder: self.0.clone(), witness: None }, loss)
        }

        /// Opens it, counts one answer, and closes it.
        fn count(&self) -> u64 {
            let mut store = self.open(Loss::Refuse).unwrap();
            let page = store.begin().unwrap();
            let mut usage = page.usage("a").unwrap();
            usage.all_answers += 1;
            page.set_usage("a", &usage).unwrap();
            page.commit().unwrap();
            usage.all_answers
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    #[test]
    fn counts_outlive_the_program_and_nobody_else_reads_them() {
        let folder = Folder::new("lasts");
        assert_eq!([folder.count(), folder.count(), folder.count()], [1, 2, 3]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&folder.0).unwrap().permissions().mode() & 0o777, 0o700);
        }
        let _held = folder.open(Loss::Refuse).unwrap();
        assert!(matches!(folder.open(Loss::Refuse), Err(StoreError::InUse(_))));
    }

    #[test]
    fn what_was_not_committed_is_not_there() {
        let folder = Folder::new("uncommitted");
        folder.count();
        let mut store = folder.open(Loss::Refuse).unwrap();
        let page = store.begin().unwrap();
        page.forget_usage("a").unwrap();
        drop(page);
        assert_eq!(store.begin().unwrap().usage("a").unwrap().all_answers, 1);
    }

    #[test]
    fn an_older_copy_is_noticed_and_can_be_accepted() {
        let folder = Folder::new("older");
        folder.count();
        let copy = fs::read(folder.0.join(STORE)).unwrap();
        folder.count();
        fs::write(folder.0.join(STORE), &copy).unwrap();
        let refused = folder.open(Loss::Refuse).err().unwrap();
        assert!(matches!(refused, StoreError::Restored { .. }), "{refused}");
        assert!(refused.to_string().contains("accept-loss"), "{refused}");
        drop(folder.open(Loss::Accept).unwrap());
        assert_eq!(folder.count(), 2, "the second answer was lost, and that was accepted");
    }

    #[test]
    fn a_new_store_beside_an_old_witness_is_noticed() {
        let folder = Folder::new("foreign");
        folder.count();
        fs::remove_file(folder.0.join(STORE)).unwrap();
        assert!(matches!(folder.open(Loss::Refuse), Err(StoreError::Foreign { .. })));
        drop(folder.open(Loss::Accept).unwrap());
        assert_eq!(folder.count(), 1);
        fs::write(folder.0.join(WITNESS), b"damaged").unwrap();
        assert!(matches!(folder.open(Loss::Refuse), Err(StoreError::File { .. })));
        drop(folder.open(Loss::Accept).unwrap());
    }
}
