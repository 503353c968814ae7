//! The requests beside `propose`: holds resolved, commands reported, the daemon asked and stopped.

use std::sync::OnceLock;

use kintsugi_core::audit::record::{Body, Means, Peer};
use kintsugi_core::limits::FRAME_BYTES_MAX;
use kintsugi_core::proposal::ProposedCommand;
use kintsugi_core::protocol::{
    self, ErrorCode, LogStatus, Resolution, Response, Status, VaultStatus,
};
use kintsugi_core::vault;
use serde_json::Value;
use uuid::Uuid;

use crate::handle::{Answer, Desk, Outcome, Proposal, Refusal, check_claims};
use crate::resolve::not_held;
use crate::state::Standing;

/// What expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expiry {
    /// Whether records were written, which are to be made durable.
    pub ended: bool,
    /// The next moment at which there is more to end, in milliseconds since 1970.
    pub next: Option<u64>,
}

/// Longest account of a capture that is kept, in bytes of JSON: each is in a record.
const MANIFEST_BYTES_MAX: usize = 64 * 1024;

/// Returns this process, and whose it is: asked of the system once, and not for every `status`.
fn own() -> (u32, u32) {
    static OWN: OnceLock<(u32, u32)> = OnceLock::new();
    let ask = || (std::process::id(), rustix::process::geteuid().as_raw());
    *OWN.get_or_init(ask)
}

fn check_manifest(manifest: &Value) -> Result<(), Refusal> {
    if manifest.to_string().len() <= MANIFEST_BYTES_MAX {
        return Ok(());
    }
    let message = format!("`manifest` is longer than {MANIFEST_BYTES_MAX} bytes");
    Err(Refusal::new(ErrorCode::BadRequest, message))
}

/// The end of a hold that nobody answered.
fn denial(id: Uuid, means: Means) -> Body {
    Body::Resolution {
        id,
        decision: Resolution::Deny,
        means,
        peer: None,
        remember: false,
        reason: None,
    }
}

impl Desk {
    /// Records a command that has run. If a person had approved it, the fold takes the approval as used.
    pub(crate) fn report(
        &mut self,
        command: ProposedCommand,
        exit_code: Option<i32>,
        duration_ms: Option<u64>,
        peer: &Peer,
    ) -> Result<Outcome, Refusal> {
        check_claims(&command)?;
        let proposal = Proposal::new(command, peer, self.clock.wall_ms());
        let ran = Body::Recorded {
            command: proposal.kept(),
            peer: peer.clone(),
            exit_code,
            duration_ms,
            spooled: false,
        };
        Ok(Outcome::Durable(self.record(vec![ran])?, Answer::Ack))
    }

    /// Ends what nobody answered in time.
    ///
    /// # Errors
    ///
    /// When the ends cannot be recorded; the holds stay.
    pub fn expire(&mut self) -> Result<Expiry, Refusal> {
        let (over, next) = self.book.state().expired(self.clock.wall_ms());
        let ends: Vec<Body> = over
            .into_iter()
            .map(|id| denial(id, Means::Expired))
            .collect();
        let grants = self.book.state().grants_over(self.clock.wall_ms());
        let grants = grants.into_iter().map(|id| Body::Grant {
            id,
            change: "expired".to_owned(),
            grant: Value::Null,
        });
        let ends: Vec<Body> = ends.into_iter().chain(grants).collect();
        let ended = !ends.is_empty();
        if ended {
            drop(self.record(ends)?);
        }
        Ok(Expiry { ended, next })
    }

    /// Denies the holds among `ids`: the prompts at which a person was asked went away. Returns whether there were any.
    ///
    /// # Errors
    ///
    /// When that cannot be recorded; the holds stay.
    pub fn abandon(&mut self, ids: &[Uuid]) -> Result<bool, Refusal> {
        let state = self.book.state();
        let is_held = |id: &&Uuid| {
            let known = state.known(**id);
            known.is_some_and(|known| matches!(known.standing, Standing::Held(_)))
        };
        let ends: Vec<Body> = ids
            .iter()
            .filter(is_held)
            .map(|id| denial(*id, Means::Gone))
            .collect();
        let any = !ends.is_empty();
        if any {
            drop(self.record(ends)?);
        }
        Ok(any)
    }

    /// Lists what is held, oldest first, as far as it fits into a frame.
    pub(crate) fn list_pending(&self) -> Response {
        let now = self.clock.wall_ms();
        // Room for the object around the items.
        let mut left = FRAME_BYTES_MAX - 1_024;
        let mut items = Vec::new();
        for mut item in self.book.state().items(now) {
            if let Some(words) = self.scoring.words(&item.id()) {
                item.summary = Some(words.text.clone());
                item.summary_by = Some(words.by.clone());
            }
            let bytes = serde_json::to_vec(&item).map_or(usize::MAX, |json| json.len());
            let Some(rest) = left.checked_sub(bytes.saturating_add(1)) else {
                break;
            };
            left = rest;
            items.push(item);
        }
        Response::PendingList { items }
    }

    /// Says how the daemon is.
    pub(crate) fn status(&self) -> Response {
        Response::Status(Box::new(Status {
            scorer: self.scoring.name(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            protocol: protocol::VERSION,
            pid: own().0,
            uptime_ms: self.clock.monotonic_ms(),
            log: self.book.status().map(|log| LogStatus {
                id: log.id.to_string(),
                size: log.size,
                head: log.head,
                checkpoint: log.checkpoint,
                altered: self.altered(),
            }),
            holds: u64::try_from(self.book.state().holds_len()).unwrap_or(u64::MAX),
            mode: self.bench.mode().to_owned(),
            vault: match self.keeper.standing() {
                vault::Standing::Absent => VaultStatus::None,
                vault::Standing::Whole(_) => VaultStatus::Locked,
                vault::Standing::Degraded(_) => VaultStatus::Degraded,
            },
            children: self
                .helpers
                .status(self.clock.monotonic_ms(), self.clock.wall_ms()),
            model: self.scoring.status(self.clock.monotonic_ms()),
            agents: self.book.state().seen(self.clock.wall_ms()),
            uid: own().1,
            problems: self.problems(),
        }))
    }

    /// Returns what was altered in the log, found at a start or now.
    fn altered(&self) -> Option<String> {
        let found = self.book.state().admin().altered().map(str::to_owned);
        found.or_else(|| self.book.changed())
    }

    /// Returns what a person should look at, one line each.
    fn problems(&self) -> Vec<String> {
        let altered = self.altered().map(|what| {
            format!("the log does not verify ({what}): see `kintsugi log verify`; `kintsugi log reanchor` ends the strictness")
        });
        let policy = self.bench.problems().iter().cloned();
        let attempts = self.book.state().attempts(self.clock.wall_ms());
        let vault = self.keeper.trouble().map(|why| {
            format!("the admin vault is not usable ({why}): put its file back; nothing privileged is done until then")
        });
        let is_panic = self.book.state().admin().is_panic();
        let panic = is_panic.then(|| "everything is held: `kintsugi resume` ends that".to_owned());
        altered
            .into_iter()
            .chain(vault)
            .chain(panic)
            .chain(self.book.state().unexplained(self.clock.wall_ms()))
            .chain(self.helpers.alarms())
            .chain(self.model_problem())
            .chain(self.book.trouble())
            .chain(self.book.slowness(self.clock.monotonic_ms()))
            .chain(self.book.oddities().iter().cloned())
            .chain(policy)
            .chain(self.notices.iter().cloned())
            .chain(self.standing_settings.problem().map(str::to_owned))
            .chain(attempts)
            .collect()
    }

    /// Keeps what a client says that it copied before a command runs.
    pub(crate) fn keep_manifest(&mut self, id: Uuid, manifest: Value) -> Result<Outcome, Refusal> {
        if self.book.state().known(id).is_none() {
            return Err(not_held(id, "was never proposed"));
        }
        check_manifest(&manifest)?;
        Ok(Outcome::Durable(
            self.record(vec![Body::Capture { id, manifest }])?,
            Answer::Ack,
        ))
    }

    /// Keeps what a client says that it put back. What it names may be older than what is remembered here.
    pub(crate) fn keep_undo(&mut self, id: Uuid, manifest: Value) -> Result<Outcome, Refusal> {
        check_manifest(&manifest)?;
        Ok(Outcome::Durable(
            self.record(vec![Body::Undo { id, manifest }])?,
            Answer::Ack,
        ))
    }
}
