//! `kintsugi undo`: shows what putting a capture back would change, and puts it back.
//!
//! What stands there is kept first, so that an undo can be undone; work that is newer than the command is left alone unless told.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use kintsugi_core::capture::manifest::{Manifest, Summary};
use kintsugi_core::capture::{Keep, What};
use kintsugi_core::display::{clip, escape};
use kintsugi_core::paths::Paths;
use kintsugi_core::protocol::{Request, Response};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::pending::short;
use super::trash::{self, failed};
use crate::capture::apply::Apply;
use crate::capture::compare::{Difference, Does, Step, Times, compare};
use crate::capture::git;
use crate::capture::keep::{How, Occasion, Plan, Wanted, account, keep};
use crate::capture::recover::Alone;
use crate::capture::store::Store;
use crate::capture::whereabouts::Whereabouts;
use crate::capture::{ENDED, UNDONE, before};
use crate::console::{Console, Tone};
use crate::exit::{Exit, Failure};
use crate::{gate, surroundings};

/// Most changes that are shown; how many more there are is said.
const SHOWN_MAX: usize = 40;

/// Arguments of `kintsugi undo`.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
#[command(
    after_help = "Examples:\n  kintsugi undo --dry-run\n  kintsugi undo\n  kintsugi undo 3f2a --only src"
)]
pub struct Undo {
    /// The capture, by any unambiguous beginning of its id; without one, the last of this terminal or this project that was not undone
    #[arg(value_name = "ID")]
    id: Option<String>,
    /// Undoes everything of the session of the last capture, the last first
    #[arg(long, conflicts_with = "id")]
    session: bool,
    /// Lists what can be undone
    #[arg(long, conflicts_with_all = ["id", "session"])]
    list: bool,
    /// Shows what would change, and changes nothing
    #[arg(long)]
    dry_run: bool,
    /// Puts back only what is at or below these paths
    #[arg(long, value_name = "PATH", num_args = 1..)]
    only: Vec<PathBuf>,
    /// Overwrites what changed after the command, too; it is kept first
    #[arg(long)]
    overwrite: bool,
    /// Prints what changed as one line of JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    version: u32,
    id: Uuid,
    dry_run: bool,
    /// What stood there before, when something was changed.
    kept_as: Option<Uuid>,
    changes: Vec<Change>,
    notes: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Change {
    does: &'static str,
    path: String,
    newer: bool,
}

impl Undo {
    /// Shows, and puts back.
    ///
    /// # Errors
    /// When there is nothing to put back, newer work would be lost, or something cannot be written.
    pub fn run(self, console: &mut Console) -> Result<Exit, Failure> {
        let store = trash::store()?;
        if self.list {
            trash::list(&store, &trash::limits()?, self.json, console)?;
            return Ok(Exit::Allowed);
        }
        let paths = surroundings::paths()?;
        let alone = Alone::in_store(&store).map_err(|error| failed(&error))?;
        for summary in self.chosen(&store)? {
            self.undo((&paths, &store, &alone), &summary, console)?;
        }
        Ok(Exit::Allowed)
    }

    fn chosen(&self, store: &Store) -> Result<Vec<Summary>, Failure> {
        let all = store.list();
        let is_open = |summary: &Summary| store.marked(&summary.id, UNDONE).is_none();
        if let Some(id) = &self.id {
            let mut found = all
                .into_iter()
                .filter(|summary| summary.id.to_string().starts_with(id.as_str()));
            return match (found.next(), found.next()) {
                (Some(only), None) => Ok(vec![only]),
                (None, _) => Err(Failure::new(
                    Exit::Failed,
                    format!("nothing was kept under `{}`", escape(id)),
                )
                .hint("`kintsugi undo --list` lists what can be undone")),
                (Some(_), Some(_)) => Err(Failure::new(
                    Exit::Failed,
                    format!("`{}` begins several ids", escape(id)),
                )
                .hint("give more of it")),
            };
        }
        let open: Vec<Summary> = all
            .into_iter()
            .filter(|summary| summary.undoes.is_none() && is_open(summary))
            .collect();
        let newest = open.first().ok_or_else(|| {
            Failure::new(Exit::Failed, "nothing can be undone")
                .hint("what a command is about to destroy is kept when it runs through Kintsugi")
        })?;
        let at = Whereabouts::now()?;
        let last = open.iter().find(|summary| at.is_of(summary));
        let last = last.cloned().ok_or_else(|| elsewhere(newest))?;
        if !self.session {
            return Ok(vec![last]);
        }
        let same =
            |summary: &Summary| summary.session == last.session && summary.agent == last.agent;
        Ok(open.into_iter().filter(same).collect())
    }

    fn undo(
        &self,
        (paths, store, alone): (&Paths, &Store, &Alone),
        summary: &Summary,
        console: &mut Console,
    ) -> Result<(), Failure> {
        let manifest = store.read(&summary.id).map_err(|error| failed(&error))?;
        let times = Times {
            ended: store.marked_at(&summary.id, ENDED),
        };
        let only = self.only_paths()?;
        let mut found = compare(&manifest, times, &only).map_err(|error| failed(&error))?;
        let left = manifest.summary.cannot.iter();
        found
            .notes
            .extend(left.map(|what| format!("not kept: {}", escape(what))));
        if !self.json {
            show(&manifest, &found, console)?;
        }
        let is_nothing = found.steps.is_empty() && found.checkouts.is_empty();
        if self.dry_run || is_nothing {
            if !self.dry_run && only.is_empty() {
                // Interrupted at its end, or the command changed nothing: the one before it is next.
                let done = store.mark(&summary.id, UNDONE, "");
                done.map_err(|error| failed(&error))?;
            }
            return self.report((&manifest, None), &found, console);
        }
        self.refuse_newer(&found.steps)?;
        let id = Uuid::new_v4();
        let occasion = Occasion {
            id,
            command: format!("kintsugi undo {}", short(&summary.id)),
            cwd: surroundings::directory().unwrap_or_else(|_| "/".to_owned()),
            agent: surroundings::agent().unwrap_or("shell").to_owned(),
            session: crate::proposal::terminal_session(),
            undoes: Some(summary.id),
        };
        let plan = before_undo(&manifest, &found);
        let kept =
            keep(paths, &plan, &occasion, &before::limits()).map_err(|error| failed(&error))?;
        record(paths, &summary.id, &kept, &found)?;
        let mark = short(&id);
        alone
            .begin(&mark, &found.steps)
            .map_err(|error| failed(&error))?;
        let mut apply = Apply::new(&manifest, mark);
        let done = git::name(&found.names).and_then(|()| apply.all(&found.steps, &found.checkouts));
        found.notes.append(&mut apply.notes);
        before::ended(paths, &id);
        before::next_step_of_clock();
        alone.clear();
        done.map_err(|error| half_done(&error, &id))?;
        if only.is_empty() {
            let done = store.mark(&summary.id, UNDONE, &id.to_string());
            done.map_err(|error| failed(&error))?;
        }
        if let Some(undoes) = summary.undoes {
            // What it had put back is open again.
            drop(std::fs::remove_file(store.capture(&undoes).join(UNDONE)));
        }
        self.report((&manifest, Some(id)), &found, console)
    }

    /// The paths of `--only`, absolute.
    fn only_paths(&self) -> Result<Vec<PathBuf>, Failure> {
        let here = PathBuf::from(surroundings::directory()?);
        let absolute = |path: &PathBuf| {
            let joined = here.join(path);
            joined.components().collect::<PathBuf>()
        };
        Ok(self.only.iter().map(absolute).collect())
    }

    fn refuse_newer(&self, steps: &[Step]) -> Result<(), Failure> {
        let newer: Vec<&Step> = steps.iter().filter(|step| step.newer).collect();
        let Some(first) = newer.first() else {
            return Ok(());
        };
        if self.overwrite {
            return Ok(());
        }
        let path = escape(&first.path.to_string_lossy());
        let more = match newer.len() {
            1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        Err(Failure::new(
            Exit::Failed,
            format!("`{path}`{more} may have changed since the command ended; nothing was put back"),
        )
        .hint("`--overwrite` puts it back all the same and keeps what is there; `--only PATH` leaves it out"))
    }

    fn report(
        &self,
        (manifest, kept_as): (&Manifest, Option<Uuid>),
        found: &Difference,
        console: &mut Console,
    ) -> Result<(), Failure> {
        let id = manifest.summary.id;
        if self.json {
            let changes = found.steps.iter().map(|step| Change {
                does: word(&step.does),
                path: step.path.to_string_lossy().into_owned(),
                newer: step.newer,
            });
            return console.json(&Report {
                version: super::JSON_VERSION,
                id,
                dry_run: self.dry_run,
                kept_as,
                changes: changes.collect(),
                notes: found.notes.clone(),
            });
        }
        for note in &found.notes {
            writeln!(console.err, "{}", console.err_paint.tone(Tone::Warn, note))?;
        }
        let Some(kept_as) = kept_as else {
            if found.steps.is_empty() && found.checkouts.is_empty() {
                let words = if self.only.is_empty() {
                    "everything is as it was before"
                } else {
                    "nothing at or below these paths is put back from"
                };
                writeln!(console.out, "{words} {}", short(&id))?;
            }
            return Ok(());
        };
        let word = console.out_paint.tone(Tone::Good, "undone");
        let again = short(&kept_as);
        Ok(writeln!(
            console.out,
            "{word} {}; `kintsugi undo {again}` takes that back",
            short(&id)
        )?)
    }
}

/// What stands where something is put back, to be kept before.
fn before_undo(manifest: &Manifest, found: &Difference) -> Plan {
    let mut plan = Plan::default();
    for repository in &manifest.repositories {
        let keep = Keep {
            path: repository.root.path().to_string_lossy().into_owned(),
            what: What::References,
            of: Vec::new(),
        };
        // What git does not tell is kept as files.
        let said = Plan::of(&[keep], before::LOOK_MAX);
        plan.repositories.extend(said.repositories);
        plan.tops.extend(said.tops);
    }
    let written = found.checkouts.iter().flat_map(|checkout| &checkout.paths);
    plan.tops.extend(written.cloned().map(Wanted::whole));
    for step in &found.steps {
        let how = match &step.does {
            Does::Create | Does::Replace | Does::Remove => How::Whole,
            Does::Attributes => How::Itself,
            Does::MoveBack { from } => {
                plan.tops.push(Wanted {
                    how: How::Renamed,
                    ..Wanted::whole(from.clone())
                });
                How::Whole
            }
        };
        plan.tops.push(Wanted {
            how,
            ..Wanted::whole(step.path.clone())
        });
    }
    plan.drop_nested();
    plan
}

/// Tells the log before anything is changed.
fn record(paths: &Paths, id: &Uuid, kept: &Manifest, found: &Difference) -> Result<(), Failure> {
    let request = Request::Undone {
        id: *id,
        manifest: json!({
            "changes": found.steps.len(),
            "kept": account(kept),
        }),
    };
    let mut client = gate::reconnect(paths)?;
    match client.ask(&request) {
        Ok(Response::Ack) => Ok(()),
        Ok(other) => Err(gate::unexpected(&other)),
        Err(error) => Err(gate::refused(&error)),
    }
}

/// Nothing of what is kept is of here.
fn elsewhere(newest: &Summary) -> Failure {
    let (id, place) = (short(&newest.id), escape(&newest.cwd));
    let message = "nothing of this terminal or this directory can be undone";
    Failure::new(Exit::Failed, message).hint(format!(
        "the last of another is {id}, in `{place}`: `kintsugi undo {id}`"
    ))
}

fn half_done(error: &crate::capture::CaptureError, id: &Uuid) -> Failure {
    let id = short(id);
    Failure::new(
        Exit::Failed,
        format!("not everything was put back: {error}"),
    )
    .hint(format!(
        "mend that and undo it again; `kintsugi undo {id}` takes back what was done"
    ))
}

const fn word(does: &Does) -> &'static str {
    match does {
        Does::Create => "create",
        Does::Replace => "replace",
        Does::Remove => "remove",
        Does::Attributes => "attributes",
        Does::MoveBack { .. } => "rename",
    }
}

fn show(manifest: &Manifest, found: &Difference, console: &mut Console) -> Result<(), Failure> {
    let summary = &manifest.summary;
    let command = clip(&escape(&summary.command), console.out_columns.max(40) - 20);
    writeln!(console.out, "{} {command}", short(&summary.id))?;
    let began = summary.at.get(..16).unwrap_or(&summary.at);
    let place = format!("in {}, {}", escape(&summary.cwd), began.replace('T', " "));
    writeln!(
        console.out,
        "{}",
        console.out_paint.tone(Tone::Quiet, place)
    )?;
    let shown = |path: &Path| escape(&path.to_string_lossy());
    for step in found.steps.iter().take(SHOWN_MAX) {
        let (sign, tone) = match &step.does {
            Does::Create => ("+", Tone::Good),
            Does::Replace => ("~", Tone::Warn),
            Does::Remove => ("-", Tone::Bad),
            Does::Attributes => ("=", Tone::Quiet),
            Does::MoveBack { .. } => (">", Tone::Good),
        };
        let from = match &step.does {
            Does::MoveBack { from } => format!(" (now `{}`)", shown(from)),
            Does::Create | Does::Replace | Does::Remove | Does::Attributes => String::new(),
        };
        let newer = if step.newer { " (newer)" } else { "" };
        let line = format!("{sign} {}{from}{newer}", shown(&step.path));
        writeln!(console.out, "{}", console.out_paint.tone(tone, line))?;
    }
    for path in found.checkouts.iter().flat_map(|checkout| &checkout.paths) {
        let line = format!("~ {} (by git)", shown(path));
        writeln!(console.out, "{}", console.out_paint.tone(Tone::Warn, line))?;
    }
    let more = found.steps.len().saturating_sub(SHOWN_MAX);
    if more > 0 {
        writeln!(console.out, "… and {more} more")?;
    }
    Ok(())
}
