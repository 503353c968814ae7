//! Waiting for what a busy machine does in its own time.

use std::fmt::Debug;
use std::time::{Duration, Instant};

/// Longest that anything is waited for, on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_secs(120);

/// Time between two looks.
const PAUSE: Duration = Duration::from_millis(5);

/// Looks until it is so, and returns what was seen then.
///
/// # Panics
///
/// When it is not so for two minutes; shows what was seen last.
pub fn until<T: Debug>(mut look: impl FnMut() -> T, is_so: impl Fn(&T) -> bool) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let seen = look();
        if is_so(&seen) {
            return seen;
        }
        assert!(Instant::now() < deadline, "{seen:?}");
        std::thread::sleep(PAUSE);
    }
}
