//! Storage of which one call fails: for tests.
//!
//! Every call is counted. The one that is chosen fails with the chosen error, having happened, having happened in part, or
//! not at all; so a test can go through all of them.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use super::storage::{FileState, Storage, StoredFile};

/// What a failing call has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Took {
    /// Nothing.
    No,
    /// Everything, and yet it says that it failed.
    Effect,
    /// For a write: the first half, and it says so as a short write does; the call after it fails.
    Half,
}

/// Which call fails, and how.
#[derive(Debug, Clone, Copy)]
pub struct Fault {
    /// The number of the call, from 0.
    pub call: usize,
    /// What it has done.
    pub took: Took,
    /// What it says: a number of `errno(3)`.
    pub errno: i32,
}

#[derive(Debug, Default)]
struct Plan {
    calls: usize,
    fault: Option<Fault>,
    fired: bool,
}

impl Plan {
    /// Counts a call; says how it fails when it is the one.
    fn next(&mut self) -> Option<Fault> {
        let call = self.calls;
        self.calls += 1;
        let fault = self.fault.filter(|fault| fault.call == call);
        self.fired |= fault.is_some();
        fault
    }
}

/// Storage that fails once.
#[derive(Debug)]
pub struct Faulty {
    inner: Box<dyn Storage>,
    plan: Rc<RefCell<Plan>>,
}

/// Watches a [`Faulty`] that was given away.
#[derive(Debug, Clone)]
pub struct Watch(Rc<RefCell<Plan>>);

impl Watch {
    /// Returns how many calls there were.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.0.borrow().calls
    }

    /// Whether the call that fails was reached.
    #[must_use]
    pub fn fired(&self) -> bool {
        self.0.borrow().fired
    }
}

impl Faulty {
    /// Wraps `inner`, of which `fault` fails.
    #[must_use]
    pub fn new(inner: Box<dyn Storage>, fault: Option<Fault>) -> (Self, Watch) {
        let plan = Rc::new(RefCell::new(Plan {
            fault,
            ..Plan::default()
        }));
        let watch = Watch(Rc::clone(&plan));
        (Self { inner, plan }, watch)
    }

    fn wrap(&self, file: Box<dyn StoredFile>) -> Box<dyn StoredFile> {
        Box::new(FaultyFile {
            inner: file,
            plan: Rc::clone(&self.plan),
        })
    }
}

/// Does a call, or fails as planned.
fn attempt<T>(plan: &RefCell<Plan>, act: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let fault = plan.borrow_mut().next();
    match fault {
        None => act(),
        Some(fault) => {
            if fault.took != Took::No {
                act()?;
            }
            Err(io::Error::from_raw_os_error(fault.errno))
        }
    }
}

impl Storage for Faulty {
    fn names(&self) -> io::Result<Vec<String>> {
        attempt(&self.plan, || self.inner.names())
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn StoredFile>> {
        attempt(&self.plan, || self.inner.open(name)).map(|file| self.wrap(file))
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn StoredFile>> {
        attempt(&self.plan, || self.inner.create(name)).map(|file| self.wrap(file))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        attempt(&self.plan, || self.inner.rename(from, to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        attempt(&self.plan, || self.inner.remove(name))
    }

    fn sync_names(&self) -> io::Result<()> {
        attempt(&self.plan, || self.inner.sync_names())
    }
}

#[derive(Debug)]
struct FaultyFile {
    inner: Box<dyn StoredFile>,
    plan: Rc<RefCell<Plan>>,
}

impl StoredFile for FaultyFile {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        attempt(&self.plan, || self.inner.read_at(offset, buffer))
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        let fault = self.plan.borrow_mut().next();
        let Some(fault) = fault else {
            return self.inner.write_at(offset, bytes);
        };
        match fault.took {
            Took::No => {}
            Took::Effect => {
                self.inner.write_at(offset, bytes)?;
            }
            Took::Half => {
                let half = bytes.get(..bytes.len() / 2).unwrap_or_default();
                let mut plan = self.plan.borrow_mut();
                plan.fault = Some(Fault {
                    call: plan.calls,
                    took: Took::No,
                    ..fault
                });
                return self.inner.write_at(offset, half);
            }
        }
        Err(io::Error::from_raw_os_error(fault.errno))
    }

    fn sync(&self) -> io::Result<()> {
        attempt(&self.plan, || self.inner.sync())
    }

    fn allocate(&self, bytes: u64) -> io::Result<()> {
        attempt(&self.plan, || self.inner.allocate(bytes))
    }

    fn cut(&self, bytes: u64) -> io::Result<()> {
        attempt(&self.plan, || self.inner.cut(bytes))
    }

    fn state(&self) -> io::Result<FileState> {
        attempt(&self.plan, || self.inner.state())
    }
}
