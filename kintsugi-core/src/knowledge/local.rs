//! Programs given by a path, and programs that are not described: what can be said about them without an entry.

use super::analyst::{Analyst, Call, Printed};
use super::feeds::Feeds;
use super::script::ScriptFile;
use super::{UnknownKind, grammar};
use crate::effect::{Action, Feed, Modifier, Modifiers};
use crate::place::Place;
use crate::shell::Word;

impl Analyst<'_> {
    /// A program given by its path; `is_described` when one of the same name is.
    pub(super) fn local_program(
        &mut self,
        call: &Call<'_>,
        first: &Word,
        name: &str,
        is_described: bool,
    ) -> Printed {
        self.analysis.programs.push((name.to_owned(), call.span));
        let mut feeds = Feeds::of(Feed::Program).union(call.fed.feeds);
        for judged in self.judge(first, &call.directories, call.scope) {
            if let Some(more) = self.as_its_original(call, &judged) {
                feeds = feeds.union(more);
                continue;
            }
            let written = self.written(&judged.path);
            let feed = written
                .as_ref()
                .map_or(Feeds::of(Feed::File), |it| it.feeds);
            self.push_path(call, Action::Execute, &judged, name)
                .feed(feed.worst());
            if written.is_none() && self.is_fetched_installer(&judged.path) {
                self.push_path(call, Action::Execute, &judged, name).with(
                    Modifiers::NONE
                        .with(Modifier::Unverified)
                        .with(Modifier::Assumed),
                );
            }
            let known = written.and_then(|it| Some((it.text?, it.before)));
            let Some((text, before)) = known else {
                self.want_script(&judged);
                self.unknown(UnknownKind::LocalProgram, name.to_owned(), first.span);
                if !is_described {
                    self.assume_name(call, name, call.words.get(1..).unwrap_or_default());
                    self.assume_file(call, name, &judged.path, false);
                }
                continue;
            };
            let file = ScriptFile {
                path: &judged.path,
                language: None,
                text: &text,
                part: "",
                first_line: 1,
            };
            feeds = feeds.union(if before {
                self.script_file(call, file, call.words)
            } else {
                let language = super::languages::language_of(&text);
                let text = super::own_place::placed(language, &judged.path, &text, call.span);
                self.text(call, language, &text, call.words)
            });
        }
        Printed::of(feeds)
    }

    /// The words of a program that is not described: which of them are paths that matter.
    pub(super) fn unknown_words(&mut self, call: &Call<'_>, name: &str, words: &[Word]) {
        if name.starts_with('-') {
            // No program is called so: the options of a command whose line was broken.
            return;
        }
        for word in words {
            let value = match grammar::split(word, "=") {
                Some((key, value)) if key.display().starts_with('-') => value,
                Some(_) | None => word.clone(),
            };
            let text = value.display();
            if text.starts_with('-') || text.contains("://") {
                continue;
            }
            if !self.afford_path(call, &value) {
                return;
            }
            for judged in self.judge(&value, &call.directories, call.scope) {
                if matches!(
                    judged.place,
                    Place::Secret | Place::Guard | Place::Device | Place::Startup | Place::Kernel
                ) {
                    self.push_path(call, Action::Read, &judged, name);
                }
            }
        }
    }
}
