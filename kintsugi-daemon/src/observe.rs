//! What a watcher saw, on its way into the log.
//!
//! Whoever may connect may say what it saw, and is named in the record. Only what the watcher says that this daemon started itself
//! is held against the decisions: else anybody could raise an alarm, or drown one.

use kintsugi_core::audit::record::{Body, Process, Seen};
use kintsugi_core::place::is_taken_up;
use kintsugi_core::protocol::{Burst, ErrorCode, Request};

use crate::authority::table::{Proc, Table as _};
use crate::clip;
use crate::handle::{Answer, Desk, Outcome, Refusal};
use crate::peer::PeerHandle;
use crate::reconcile::{Finding, judge};

/// Longest path of a burst that is kept, in bytes.
const PATH_BYTES_MAX: usize = 1_024;

/// Longest other text of one.
const TEXT_BYTES_MAX: usize = 200;

/// Longest path of an observation that is kept, in bytes (`PATH_MAX`).
const PATH_MAX: usize = 4_096;

impl Desk {
    /// Records that something has changed.
    pub(crate) fn observe(
        &mut self,
        request: Request,
        peer: &mut PeerHandle,
    ) -> Result<Outcome, Refusal> {
        let Request::Observe {
            change,
            mut path,
            burst,
        } = request
        else {
            return Err(Refusal::new(
                ErrorCode::UnknownRequest,
                "it is no observation",
            ));
        };
        if let Some(burst) = burst {
            return self.observe_burst(*burst, peer);
        }
        // Whoever says so gets a round made, and no incident: what is new, the round sees for itself.
        if is_agents_settings(&path) {
            self.helpers.look_soon(self.clock.wall_ms());
        }
        clip::masked(&mut path, PATH_MAX);
        let seen = None;
        let staged = self.record(vec![Body::Observation { change, path, seen }])?;
        Ok(Outcome::Unwaited(staged))
    }

    /// Records a burst; one that is a mass change, and that nobody explains, is an incident.
    fn observe_burst(
        &mut self,
        mut burst: Burst,
        peer: &mut PeerHandle,
    ) -> Result<Outcome, Refusal> {
        tidy(&mut burst);
        let own = self.helpers.is_watcher(peer.credentials().pid) && !peer.has_ended();
        let runs = |pid: u32, start: u64| Proc.stat(pid).is_some_and(|stat| stat.start == start);
        let finding = if own {
            judge(&burst, &self.settings.watch, self.book.state(), &runs)
        } else {
            Finding::Small
        };
        let (decision, why) = match &finding {
            Finding::Small => (None, None),
            Finding::Explained { by, why } => (*by, Some(why.clone())),
            Finding::Unexplained { .. } => (None, Some("no decision explains it".to_owned())),
        };
        clip_lists(&mut burst);
        let seen = Seen {
            burst,
            by: peer.look_up().process.clone(),
            own,
            decision,
            why,
            spooled: false,
        };
        let staged = self.record(vec![observation(seen)])?;
        let Finding::Unexplained { what } = finding else {
            return Ok(Outcome::Unwaited(staged));
        };
        let number = staged.records().first().map(|record| record.seq);
        drop(staged);
        let incident = Body::Incident {
            what,
            bad: None,
            durable: None,
            observation: number,
        };
        Ok(Outcome::Durable(
            self.record(vec![incident])?,
            Answer::Alarm,
        ))
    }
}

/// Whether agents take up what stands at `path`, in whatever project that is.
fn is_agents_settings(path: &str) -> bool {
    let mut from = path.match_indices('/').map(|(at, _)| at + 1);
    from.any(|at| path.get(at..).is_some_and(is_taken_up))
}

/// Makes the record of a burst.
pub(crate) fn observation(seen: Seen) -> Body {
    Body::Observation {
        change: seen.burst.change(),
        path: seen.burst.place.clone(),
        seen: Some(Box::new(seen)),
    }
}

/// A process that nobody attests.
pub(crate) const fn nobody() -> Process {
    Process {
        pid: 0,
        start: None,
        exe: None,
    }
}

/// Masks what may be secret in a burst, and shortens its texts.
pub(crate) fn tidy(burst: &mut Burst) {
    let path = |path: &mut String| clip::masked(path, PATH_BYTES_MAX);
    path(&mut burst.place);
    burst.real.iter_mut().for_each(path);
    for directory in &mut burst.directories {
        path(&mut directory.path);
        directory.project.iter_mut().for_each(path);
    }
    for example in &mut burst.examples {
        path(&mut example.path);
    }
    let text = |text: &mut String| clip::masked(text, TEXT_BYTES_MAX);
    for moved in &mut burst.git {
        path(&mut moved.project);
        text(&mut moved.said);
    }
    for one in &mut burst.processes {
        text(&mut one.name);
        text(&mut one.line);
        text(&mut one.by);
    }
}

/// Leaves of the lists what fits into a record. Before that, all of them count.
pub(crate) fn clip_lists(burst: &mut Burst) {
    clip::list(&mut burst.directories);
    clip::list(&mut burst.examples);
    clip::list(&mut burst.git);
    clip::list(&mut burst.processes);
}
