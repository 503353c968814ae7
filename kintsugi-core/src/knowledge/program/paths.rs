//! Effects on paths: where a word leads, and what is kept in mind of what is read and written there.

use super::Task;
use crate::effect::{Action, Feed, Modifier, Modifiers, Role, Target};
use crate::knowledge::UnknownKind;
use crate::knowledge::analyst::{Analyst, Call};
use crate::knowledge::feeds::Feeds;
use crate::knowledge::pushed::Pushed;
use crate::knowledge::targets::is_regrettable;
use crate::knowledge::unfamiliar::is_log;
use crate::knowledge::{compiled, flow, made, names_only, own};
use crate::place::{Judgement, Place};
use crate::shell::{Hole, LINES_OF_FILE, Piece, Word};

impl Analyst<'_> {
    /// An effect on a path, wherever it may lie.
    pub(in crate::knowledge) fn path_effect(
        &mut self,
        task: &mut Task<'_, '_>,
        action: Action,
        word: &Word,
        mut with: Modifiers,
    ) {
        if let [Piece::Hole(hole)] = word.pieces.as_slice() {
            match hole {
                Hole::Process { first, end, .. } => {
                    task.reads = task.reads.union(Self::word_feeds(word, task.call.scope));
                    self.reads_nothing(task, (*first, *end));
                    return;
                }
                Hole::Output { first, end } => {
                    if let Some(found) = self.listed_by(&task.call, *first, *end) {
                        for word in found.iter().flatten() {
                            self.word_effect(task, action, word, with);
                        }
                        return;
                    }
                    // `rm $(ls)` takes what a program lists, as `ls | xargs rm` does.
                    let is_lost = matches!(
                        action,
                        Action::Delete | Action::Truncate | Action::Overwrite
                    );
                    if is_lost && task.call.scope.output_place(hole).is_none() {
                        with = with.with(Modifier::Indirect);
                    }
                }
                // `while read f; do rm "$f"; done < list`
                Hole::Other(LINES_OF_FILE) => with = with.with(Modifier::Indirect),
                Hole::Variable(_) | Hole::Other(_) => {}
            }
        }
        self.word_effect(task, action, word, with);
    }

    fn word_effect(
        &mut self,
        task: &mut Task<'_, '_>,
        action: Action,
        word: &Word,
        with: Modifiers,
    ) {
        if !self.afford_path(&task.call, word) {
            return;
        }
        // What a search writes to is no name that it looks for: `find . -name '*.c' -fprint list`.
        let mut readings = if action == Action::Overwrite && task.parsed.path == "find" {
            self.judge(word, &task.call.directories, task.call.scope)
        } else {
            self.narrowed(task, word)
        };
        // What takes a name away takes the link, unless the name says that the directory is meant (unlink(2), rename(2)).
        let is_name = matches!(task.parsed.path.as_str(), "rm" | "unlink" | "mv" | "trash")
            && matches!(action, Action::Delete | Action::Move)
            && !word.display().ends_with('/')
            && readings
                .first()
                .is_some_and(|it| self.links.contains_key(&it.path));
        if is_name {
            readings.truncate(1);
        }
        readings.extend(self.through_links(task, &readings));
        for judged in readings {
            self.judged_effect(task, action, &judged, with);
            if judged.modifiers.contains(Modifier::Unresolved) && is_regrettable(action) {
                self.unknown(UnknownKind::Target, word.display(), word.span);
            }
        }
    }

    fn judged_effect(
        &mut self,
        task: &mut Task<'_, '_>,
        action: Action,
        judged: &Judgement,
        with: Modifiers,
    ) {
        let written = self.written(&judged.path);
        let shows_names = action == Action::Read
            && judged.place == Place::Secret
            && names_only::keeps_names(task.call.words);
        let action = if shows_names { Action::List } else { action };
        if matches!(action, Action::Read | Action::Move) {
            let mut feeds = Feeds::of(Feed::File);
            if judged.place == Place::Secret {
                feeds = feeds.union(Feeds::of(Feed::Secret));
            }
            if let Some(written) = &written {
                feeds = feeds.union(written.feeds);
                task.text.clone_from(&written.text);
                task.reads_own |= !written.before;
            }
            task.reads = task.reads.union(feeds);
        }
        if matches!(action, Action::Read | Action::Move | Action::List) && task.copies.is_none() {
            task.copies = self.installed(&judged.path);
        }
        task.lists |= action == Action::List;
        let mut with = with.union(task.parsed.modifiers);
        let is_new = judged.path.starts_with("/tmp/") && made::is_new_repository(&task.call);
        if is_new || self.is_made(&judged.path) || made::is_added_in_temporary(task, judged) {
            with = with.without(Modifier::Uncommitted);
        }
        let mut feeds = Self::feeds_into(task, action);
        if matches!(action, Action::Execute | Action::Interpret) {
            feeds = written.map_or(Feeds::of(Feed::File), |it| it.feeds);
        }
        if action == Action::Execute {
            self.project_file(task, judged);
        }
        let is_sourced = action == Action::Read
            && judged.place == Place::Secret
            && self.goes_into_variables(&task.call, judged);
        let pushed = if is_sourced {
            Action::Interpret
        } else {
            action
        };
        self.push_path(&task.call, pushed, judged, &task.parsed.path)
            .with(with)
            .feed(feeds.worst_for(action));
        if matches!(action, Action::Write | Action::Overwrite | Action::Create) {
            let text = task.text.clone().or_else(|| task.call.fed.text.clone());
            // A pipe with a name holds nothing by itself (mkfifo(1)).
            let is_pipe = task.parsed.path == "mkfifo";
            let feeds = if is_pipe { Feeds::NONE } else { feeds };
            // What is decoded or compiled is not what was read.
            let is_made = flow::decodes(task) || compiled::compiles(task);
            let text = text.filter(|_| !is_pipe && !is_made);
            self.remember(&judged.path, feeds, text);
            self.remember_inside(task, judged, feeds);
            self.remember_copy(task, judged);
        }
    }

    /// The readings of a path, narrowed to the names that are meant.
    fn narrowed(&self, task: &Task<'_, '_>, word: &Word) -> Vec<Judgement> {
        let call = &task.call;
        let plain = self.judge(word, &call.directories, call.scope);
        let names = task.narrowing();
        if names.is_empty() {
            return plain;
        }
        let mut all = Vec::new();
        for base in plain {
            for name in &names {
                let below = base.path.trim_end_matches('/');
                let path = format!("{below}/**/{}", name.display().trim_matches('/'));
                // A name alone makes nothing of a whole home a build output.
                let place = match (base.place, self.surroundings.place(&path)) {
                    (Place::HomeRoot, Place::BuildOutput) if is_log(&path) => Place::Home,
                    (_, place) => place,
                };
                let modifiers = base.modifiers.with(Modifier::Glob);
                all.push(Judgement {
                    path,
                    place,
                    modifiers,
                });
            }
        }
        all
    }

    /// Adds an effect on a judged path.
    pub(in crate::knowledge) fn push_path(
        &mut self,
        call: &Call<'_>,
        action: Action,
        judged: &Judgement,
        program: &str,
    ) -> Pushed<'_> {
        let is_deleted = action == Action::Delete && judged.place == Place::Project;
        let is_rebuilt = is_deleted && self.is_rebuilt(call, &judged.path);
        let place = match (action, judged.place) {
            (Action::Delete, _) if self.is_made(&judged.path) => Place::Temp,
            (Action::Delete, Place::Project) if is_rebuilt => Place::BuildOutput,
            (Action::Delete, Place::Project | Place::Home)
                if own::is_made_in_passing(call, judged) =>
            {
                Place::Temp
            }
            (_, place) => place,
        };
        let is_new = matches!(action, Action::Overwrite | Action::Truncate)
            && judged.modifiers == Modifiers::NONE
            && (self.is_absent(call, &judged.path)
                || judged.place == Place::Home && self.is_prepared(call, &judged.path));
        let action = if is_new { Action::Create } else { action };
        if matches!(action, Action::Create | Action::Write | Action::Overwrite) {
            self.note_option(&judged.path);
        }
        let target = Target {
            text: judged.path.clone(),
            place: Some(place),
        };
        self.push(call, action, Role::Path, target)
            .with(judged.modifiers)
            .by(program)
    }
}
