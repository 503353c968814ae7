//! The worst that one text can do: `cargo bench -p kintsugi-tests --bench bounds`, with a part of a name to see only some.
//!
//! Judges every text of [`killers`] at every size, and prints the slowest and the largest. The bounds are 20 ms and 16 MiB for any input.

use std::hint::black_box;
use std::time::Duration;

use anyhow::Result;
use kintsugi_core::classify::Subject;
use kintsugi_core::judge::{Judge, example_surroundings};
use kintsugi_core::limits::SHELL_BYTES_MAX;
use kintsugi_tests::allocations::{Counting, Taken};
use kintsugi_tests::killers::{COUNTS, killers};

#[global_allocator]
static ALLOCATIONS: Counting = Counting::new();

/// Times that each text is judged; the fastest counts, since what is slower was disturbed.
const ROUNDS: usize = 3;

/// Longest that a text may take before larger ones of its kind are left out.
const HOPELESS: Duration = Duration::from_millis(250);

/// Texts that are printed of each kind.
const SHOWN: usize = 60;

struct Row {
    name: String,
    time: Duration,
    taken: Taken,
}

fn main() -> Result<()> {
    let judge = Judge::builtin()?;
    let surroundings = example_surroundings();
    let wanted = std::env::args()
        .nth(1)
        .filter(|name| !name.starts_with('-'));
    let mut rows = Vec::new();
    for killer in killers() {
        if wanted
            .as_ref()
            .is_some_and(|part| !killer.name.contains(part.as_str()))
        {
            continue;
        }
        for count in COUNTS {
            let text = killer.text(count);
            if text.len() > SHELL_BYTES_MAX {
                continue;
            }
            let subject = Subject {
                text: &text,
                dialect: killer.dialect,
                cwd: "/home/u/project",
                surroundings: &surroundings,
                facts: None,
                bar: kintsugi_core::classify::Bar::Decision,
            };
            let mut time = Duration::MAX;
            for _ in 0..ROUNDS {
                let started = cpu();
                black_box(judge.classify(black_box(subject)));
                time = time.min(cpu().saturating_sub(started));
            }
            let taken = ALLOCATIONS.of(|| drop(black_box(judge.classify(subject))));
            let name = format!("{} × {count}", killer.name);
            rows.push(Row { name, time, taken });
            if time > HOPELESS {
                break;
            }
        }
    }
    println!("{} texts of {} kinds", rows.len(), killers().count());
    println!("slowest:");
    rows.sort_by_key(|row| std::cmp::Reverse(row.time));
    print(&rows);
    println!("largest:");
    rows.sort_by_key(|row| std::cmp::Reverse(row.taken.most));
    print(&rows);
    Ok(())
}

/// The processor time of this thread: what others do on the machine is not the text's fault.
fn cpu() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(now).unwrap_or_default()
}

fn print(rows: &[Row]) {
    for row in rows.iter().take(SHOWN) {
        println!(
            "{:>7.2} ms {:>7} KiB at once {:>8} KiB in all  {}",
            row.time.as_secs_f64() * 1_000.0,
            row.taken.most / 1_024,
            row.taken.all / 1_024,
            row.name,
        );
    }
}
