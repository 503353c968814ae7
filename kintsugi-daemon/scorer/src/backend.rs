//! What every backend can do.

use std::time::Instant;

use kintsugi_core::scorer::{Outcome, Question};

/// The backends that this program is built with.
pub(crate) const BUILT: &[&str] = if cfg!(feature = "llama") {
    &["llama", "llama-server", "openai", "mock"]
} else {
    &["llama-server", "openai", "mock"]
};

/// Something that scores.
pub(crate) trait Backend {
    /// Scores a command, and gives up at `until`. Nothing only where a test wants no answer at all.
    fn score(&mut self, question: &Question, until: Instant) -> Option<Outcome>;

    /// Says in one line why a person should look at a command; nothing where it has no words, or when `is_over` before it has
    /// found them.
    fn explain(&mut self, question: &Question, is_over: &dyn Fn() -> bool) -> Option<String>;
}
