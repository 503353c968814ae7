//! Texts that are made to exhaust whoever reads them: every construct, many times over, beside and inside itself.
//!
//! Each is a seed that [`Killer::text`] multiplies. What was once too slow or too large stays here under its name.

mod around;
mod beside;
mod languages;
mod literals;

use kintsugi_core::shell::Dialect;

/// How a seed is multiplied. `#` in a seed is the number of the copy, `@` the number of the one in front of it.
#[derive(Debug, Clone, Copy)]
enum Shape {
    /// What stands before, what is repeated, what stands behind.
    Beside(&'static str, &'static str, &'static str),
    /// What opens, what is inside, what closes.
    Around(&'static str, &'static str, &'static str),
}

/// A text that is made to exhaust.
#[derive(Debug, Clone, Copy)]
pub struct Killer {
    /// What it multiplies.
    pub name: &'static str,
    /// The language that it is written in.
    pub dialect: Dialect,
    shape: Shape,
}

/// How often a seed is repeated: around the bounds on depth, and up to the bound on length.
pub const COUNTS: [usize; 12] = [8, 16, 20, 24, 40, 47, 200, 500, 1_000, 3_000, 8_000, 30_000];

const fn beside(
    name: &'static str,
    before: &'static str,
    each: &'static str,
    behind: &'static str,
) -> Killer {
    Killer {
        name,
        dialect: Dialect::Bash,
        shape: Shape::Beside(before, each, behind),
    }
}

const fn around(
    name: &'static str,
    open: &'static str,
    inside: &'static str,
    close: &'static str,
) -> Killer {
    Killer {
        name,
        dialect: Dialect::Bash,
        shape: Shape::Around(open, inside, close),
    }
}

/// The same in another shell.
const fn spoken(dialect: Dialect, killer: Killer) -> Killer {
    Killer { dialect, ..killer }
}

impl Killer {
    /// Returns the text with `count` copies of the seed.
    #[must_use]
    pub fn text(&self, count: usize) -> String {
        let numbered = |part: &str, number: usize| {
            if part.contains(['#', '@']) {
                part.replace('#', &number.to_string())
                    .replace('@', &number.saturating_sub(1).to_string())
            } else {
                part.to_owned()
            }
        };
        match self.shape {
            Shape::Beside(before, each, behind) => {
                let mut text = before.to_owned();
                text.extend((0..count).map(|number| numbered(each, number)));
                text + behind
            }
            Shape::Around(open, inside, close) => {
                let mut text: String = (0..count).map(|number| numbered(open, number)).collect();
                text.push_str(inside);
                text.extend((0..count).rev().map(|number| numbered(close, number)));
                text
            }
        }
    }
}

/// Returns every seed.
pub fn killers() -> impl Iterator<Item = &'static Killer> {
    let of_bash = beside::SEEDS.iter().chain(around::SEEDS);
    of_bash.chain(languages::SEEDS).chain(literals::SEEDS)
}
