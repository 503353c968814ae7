//! Bursts that a watcher could tell no daemon.
//!
//! They are recorded and held against nothing: nobody attested who wrote them.

use std::fs::File;
use std::io::{BufReader, Seek as _};

use kintsugi_core::audit::record::{Body, Seen};
use kintsugi_core::protocol::frame::parse_request;
use kintsugi_core::protocol::{Burst, Request};

use super::{BATCH, LINES_MAX, make_durable, next_line, told_since};
use crate::handle::Desk;
use crate::observe::{clip_lists, nobody, observation, tidy};

/// Records every burst of the file that the log has not; returns how many lines were none.
pub(super) fn record_all(desk: &mut Desk, mut file: &File) -> anyhow::Result<usize> {
    let mut oldest = u64::MAX;
    let mut reader = BufReader::new(file);
    while let Some(line) = next_line(&mut reader)? {
        oldest = burst(&line).map_or(oldest, |burst| oldest.min(burst.from));
    }
    let recorded = told_since(desk, oldest, |body| {
        let Body::Observation { seen, .. } = body else {
            return None;
        };
        seen.map(|seen| seen.burst.id)
    })?;
    file.rewind()?;
    let mut reader = BufReader::new(file);
    let (mut unreadable, mut batch) = (0, Vec::new());
    for _ in 0..LINES_MAX {
        let Some(line) = next_line(&mut reader)? else {
            break;
        };
        let Some(mut burst) = burst(&line) else {
            unreadable += 1;
            continue;
        };
        if recorded.contains(&burst.id) {
            continue;
        }
        tidy(&mut burst);
        clip_lists(&mut burst);
        batch.push(observation(Seen {
            burst: *burst,
            by: nobody(),
            own: false,
            decision: None,
            why: None,
            spooled: true,
        }));
        if batch.len() == BATCH {
            make_durable(desk, std::mem::take(&mut batch))?;
        }
    }
    make_durable(desk, batch)?;
    Ok(unreadable)
}

fn burst(line: &[u8]) -> Option<Box<Burst>> {
    match parse_request(line.trim_ascii_end()) {
        Ok(Request::Observe { burst, .. }) => burst,
        Ok(_) | Err(_) => None,
    }
}
