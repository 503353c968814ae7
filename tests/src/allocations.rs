//! An allocator that counts: how much was held at most, and how much was asked for in all.
//!
//! For the binaries that measure: they name it as their global allocator. What it counts is the same in every run.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts what passes through it to the allocator of the system.
#[derive(Debug, Default)]
pub struct Counting {
    held: AtomicUsize,
    most: AtomicUsize,
    all: AtomicUsize,
}

/// What one piece of work took, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// The most that it held at one time.
    pub most: usize,
    /// All that it asked for.
    pub all: usize,
}

impl Counting {
    /// An allocator that has counted nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            held: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            all: AtomicUsize::new(0),
        }
    }

    /// Does `work`, and returns what it took; nothing else may allocate meanwhile.
    pub fn of(&self, work: impl FnOnce()) -> Taken {
        let before = self.held.load(Ordering::Relaxed);
        let all = self.all.load(Ordering::Relaxed);
        self.most.store(before, Ordering::Relaxed);
        work();
        Taken {
            most: self.most.load(Ordering::Relaxed) - before,
            all: self.all.load(Ordering::Relaxed) - all,
        }
    }

    fn add(&self, bytes: usize) {
        let held = self.held.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.most.fetch_max(held, Ordering::Relaxed);
        self.all.fetch_add(bytes, Ordering::Relaxed);
    }
}

#[expect(
    unsafe_code,
    reason = "an allocator cannot be written without; this one only counts"
)]
// SAFETY: every call is handed to `System` as it came, which keeps the contract.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.add(layout.size());
        // SAFETY: the caller keeps the contract of `alloc`, which is that of `System`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        self.held.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: `pointer` came from `alloc` or `realloc` above, so from `System`, with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        self.add(bytes);
        self.held.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: `pointer` came from `System` with this layout; the caller keeps the rest of the contract.
        unsafe { System.realloc(pointer, layout, bytes) }
    }
}
