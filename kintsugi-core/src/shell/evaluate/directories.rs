//! Where the shell is: `cd`, `pushd`, `popd`.

use std::borrow::Cow;
use std::rc::Rc;

use super::super::{Directory, Hole, Piece, Word};
use super::Machine;
use super::state;
use crate::place::NEW_TEMPORARY;

impl Machine<'_> {
    /// Sets where the shell is after `cd`: there, or still here when it fails.
    pub(super) fn change_directory(&mut self, arguments: &[Word]) {
        let operand = arguments.iter().find(|word| {
            word.known()
                .is_none_or(|word| word == "-" || !word.starts_with('-'))
        });
        let here = Rc::clone(&self.state.directories);
        let bytes: usize = here.iter().map(state::path_bytes).sum();
        self.spend(
            16 * here.len() + bytes / 4,
            operand.map(|word| word.span).unwrap_or_default(),
        );
        let path = operand.map(|word| word.known().or_else(|| self.made_directory(word)));
        let reached: Rc<[Directory]> = match path {
            None => Rc::from([self.home_directory()]),
            Some(Some(path)) if path == "-" => Rc::clone(&self.state.previous),
            Some(Some(path)) if path.is_empty() => Rc::clone(&here),
            Some(Some(path)) => {
                let mut reached: Vec<_> = Vec::new();
                for directory in here.iter() {
                    let directory = state::resolve(directory, &path);
                    if !reached.contains(&directory) {
                        reached.push(directory);
                    }
                }
                reached.into()
            }
            Some(None) => Rc::from([Directory::Unknown]),
        };
        self.state.previous = Rc::clone(&here);
        self.state.directories = state::union(&reached, &here);
        self.succeeded = Some(reached);
    }

    /// The path of `$(mktemp -d)` and below it: a new name in a temporary directory, unless an operand says where.
    fn made_directory(&self, word: &Word) -> Option<Cow<'static, str>> {
        let (Piece::Hole(Hole::Output { first, end }), below) = word.pieces.split_first()? else {
            return None;
        };
        let [mktemp] = self.script.between(*first, *end) else {
            return None;
        };
        let mut words = mktemp.words.iter().map(Word::known);
        if words.next()?? != "mktemp"
            || !words.all(|word| word.is_some_and(|word| word == "-d" || word == "-q"))
        {
            return None;
        }
        let mut path = NEW_TEMPORARY.to_owned();
        for piece in below {
            let Piece::Text(text) = piece else {
                return None;
            };
            path.push_str(text);
        }
        Some(path.into())
    }

    fn home_directory(&self) -> Directory {
        let home = self
            .state
            .variable("HOME")
            .and_then(|home| home.values.first());
        let path = home.and_then(|home| state::known(&home.scalar()));
        path.map_or(Directory::Unknown, |path| {
            state::resolve(&Directory::Unknown, &path)
        })
    }

    pub(super) fn pop_directory(&mut self) {
        let here = Rc::clone(&self.state.directories);
        let back = self.state.stack.pop();
        let back = back.unwrap_or_else(|| Rc::from([Directory::Unknown]));
        self.state.directories = state::union(&back, &here);
        self.state.previous = here;
        self.succeeded = Some(back);
    }
}
