//! The lists of names, applied to a folded path.
//!
//! Order is severity: what is on a list of guards, secrets or start-up files is that wherever else it lies.

use super::{Place, home, names as known, pattern};

/// A path cut into its names.
type Names<'p> = Vec<&'p str>;

/// What a path is judged against, without owning any of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around<'s> {
    pub(super) home: Option<&'s str>,
    pub(super) root: Option<&'s str>,
}

impl Around<'_> {
    /// The place of a folded path.
    pub(super) fn place(self, path: &str) -> Place {
        let names: Names<'_> = path.split('/').filter(|name| !name.is_empty()).collect();
        if let Some(rest) = whole(&names) {
            return self.whole_place(path, rest);
        }
        self.place_of_names(path, &names)
    }

    /// The place of everything in a directory: the directory's, where that is a place of its own.
    fn whole_place(self, path: &str, directory: &[&str]) -> Place {
        let mut parent = directory.join("/");
        if path.starts_with('/') {
            parent.insert(0, '/');
        }
        match directory {
            [] => Place::Root,
            ["tmp"] | ["var" | "private", "tmp"] | ["dev", "shm"] => Place::Temp,
            _ => self.place_of_names(&parent, directory),
        }
    }

    fn place_of_names(self, path: &str, names: &[&str]) -> Place {
        if let Some(place) = system_exact(path, names) {
            return place;
        }
        let below_project = self.below_project(names);
        if let Some(below) = below_project.as_deref() {
            return project_place(below);
        }
        if let Some(below) = self.below_home(names) {
            return self.home_place(names, &below);
        }
        if self.is_above_project(names) {
            return Place::HomeRoot;
        }
        if let Some(place) = below_any(names, known::PROJECT_GUARD, Place::Guard) {
            return place;
        }
        if is_temp(names) {
            return Place::Temp;
        }
        outside_place(names)
    }

    /// Whether a directory can be a project: a home, the root and what hangs on it are none.
    pub(super) fn could_be_project(self, path: &str) -> bool {
        let names: Names<'_> = path.split('/').filter(|name| !name.is_empty()).collect();
        match names.as_slice() {
            [] => false,
            [one] if is_top(one) => false,
            names => self.below_home(names).is_none_or(|below| !below.is_empty()),
        }
    }

    /// Whether a directory belongs to the system or keeps the settings of a home.
    pub(super) fn is_of_system_or_settings(self, path: &str) -> bool {
        let names: Names<'_> = path.split('/').filter(|name| !name.is_empty()).collect();
        let is_system = names
            .first()
            .is_some_and(|first| known::SYSTEM_DIRECTORIES.contains(first));
        let is_hidden = self
            .below_home(&names)
            .is_some_and(|below| below.first().is_some_and(|first| first.starts_with('.')));
        is_system || is_hidden
    }

    /// The names below the project's root when the path is there.
    fn below_project<'p>(self, names: &[&'p str]) -> Option<Names<'p>> {
        if names.first() == Some(&".") {
            return Some(names.get(1..).unwrap_or_default().to_vec());
        }
        let root = self.root?;
        let mut rest = names.iter().copied();
        for part in root.split('/').filter(|part| !part.is_empty()) {
            if rest.next() != Some(part) {
                return None;
            }
        }
        (root.len() > 1).then(|| rest.collect())
    }

    /// Whether the project lies below the path.
    fn is_above_project(self, names: &[&str]) -> bool {
        if names == ["."] || names.first() == Some(&"..") {
            return true;
        }
        self.root.is_some_and(|root| {
            let mut parts = root.split('/').filter(|part| !part.is_empty());
            names.iter().all(|name| parts.next() == Some(name)) && parts.next().is_some()
        })
    }

    /// The names below a home when the path is there.
    fn below_home<'p>(self, names: &[&'p str]) -> Option<Names<'p>> {
        let skip = |count: usize| Some(names.get(count..).unwrap_or_default().to_vec());
        match names {
            ["root", ..] => return skip(1),
            [first, ..] if first.starts_with('~') => return skip(1),
            ["home", _, ..] | ["var", "root", ..] => return skip(2),
            ["Users", name, ..] if *name != "Shared" => return skip(2),
            ["private", "var", "root", ..] => return skip(3),
            _ => {}
        }
        let home = self.home.filter(|home| home.len() > 1)?;
        let mut rest = names.iter().copied();
        for part in home.split('/').filter(|part| !part.is_empty()) {
            if rest.next() != Some(part) {
                return None;
            }
        }
        Some(rest.collect())
    }

    fn home_place(self, names: &[&str], below: &[&str]) -> Place {
        let Some(first) = below.first() else {
            return Place::HomeRoot;
        };
        let strict = below_list(below, home::HOME_GUARD, Place::Guard)
            .or_else(|| below_any(below, known::PROJECT_GUARD, Place::Guard))
            .or_else(|| below_list(below, home::HOME_STARTUP, Place::Startup))
            .or_else(|| home_secret(below));
        if let Some(place) = strict {
            return place;
        }
        if self.is_above_project(names) {
            return Place::HomeRoot;
        }
        if home::HOME_CACHES
            .iter()
            .any(|cache| is_below(below, cache, true))
        {
            return Place::BuildOutput;
        }
        if let Some(place) = vcs_place(below) {
            return place;
        }
        if is_secret_name(below) {
            return Place::Secret;
        }
        if first.starts_with('.') {
            return Place::Dotfile;
        }
        if below.len() > 1 && is_build_output(below) {
            return Place::BuildOutput;
        }
        Place::Home
    }
}

/// The names of the directory when the path means everything in one: its last name is `*`, `.*`, `?*`, `**`, `.[!.]*` and the like.
fn whole<'n, 'p>(names: &'n [&'p str]) -> Option<&'n [&'p str]> {
    let (last, mut directory) = names.split_last()?;
    let mut is_whole = is_everything(last);
    while is_whole
        && let Some((last, parent)) = directory.split_last()
        && is_everything(last)
    {
        directory = parent;
        is_whole = true;
    }
    is_whole.then_some(directory)
}

/// Whether a pattern means every name, or every hidden one.
fn is_everything(name: &str) -> bool {
    let mut stars = 0;
    let mut letters = name.chars();
    let mut rest = letters.as_str();
    while let Some(letter) = letters.next() {
        match letter {
            '*' => stars += 1,
            '.' | '?' => {}
            '[' => match letters.as_str().split_once(']') {
                Some((set, behind)) if set.starts_with(['!', '^']) => {
                    letters = behind.chars();
                }
                _ => return false,
            },
            _ => return false,
        }
        rest = letters.as_str();
    }
    stars > 0 && rest.is_empty()
}

/// Whether `names` begin with the names of `known`, in any case of letters unless `exact`; a name of it may be a pattern.
fn is_below(names: &[&str], known: &str, exact: bool) -> bool {
    if names
        .first()
        .is_none_or(|first| differs_at_once(known, first))
    {
        return false;
    }
    let mut rest = names.iter();
    known.split('/').all(|part| {
        rest.next().is_some_and(|name| {
            if exact {
                part == *name
            } else {
                pattern::matches_any_case(part, name)
                    || (name.contains(['*', '?', '[']) && could_match(name, part))
            }
        })
    })
}

/// Whether the first letters rule out that one could match the other.
fn differs_at_once(known: &str, name: &str) -> bool {
    let is_special = |byte: u8| matches!(byte, b'*' | b'?' | b'[');
    match (known.as_bytes().first(), name.as_bytes().first()) {
        (Some(one), Some(other)) => {
            !is_special(*one) && !is_special(*other) && !one.eq_ignore_ascii_case(other)
        }
        (one, other) => one.is_some() != other.is_some(),
    }
}

/// Whether a pattern that somebody wrote could match a known name. Whole-directory patterns are judged as their directory.
fn could_match(written: &str, known: &str) -> bool {
    let is_kind = written
        .strip_prefix("*.")
        .is_some_and(|it| !it.contains(['*', '?', '[']));
    !is_everything(written)
        && !is_kind
        && (known.starts_with('.') == written.starts_with('.'))
        && pattern::matches_any_case(written, &known.replace('*', ""))
}

fn below_list(names: &[&str], list: &[&str], place: Place) -> Option<Place> {
    list.iter()
        .any(|known| is_below(names, known, false))
        .then_some(place)
}

/// As [`below_list`], starting at any of the names.
fn below_any(names: &[&str], list: &[&str], place: Place) -> Option<Place> {
    (0..names.len()).find_map(|start| below_list(names.get(start..)?, list, place))
}

fn home_secret(below: &[&str]) -> Option<Place> {
    if home::HOME_NOT_SECRET
        .iter()
        .any(|harmless| is_below(below, harmless, false))
    {
        return None;
    }
    below_list(below, home::HOME_SECRETS, Place::Secret)
}

/// Whether the last name is that of a secret.
fn is_secret_name(names: &[&str]) -> bool {
    let Some(name) = names.last() else {
        return false;
    };
    let in_list = |list: &[&str]| {
        list.iter()
            .any(|known| pattern::matches_any_case(known, name))
    };
    if in_list(known::NOT_SECRET_NAMES) {
        return false;
    }
    in_list(known::SECRET_NAMES)
        || (name.contains(['*', '?', '['])
            && known::SECRET_NAMES
                .iter()
                .any(|known| could_match(name, known)))
        || below_any(names, known::PROJECT_SECRETS, Place::Secret).is_some()
}

fn vcs_place(names: &[&str]) -> Option<Place> {
    let at = names
        .iter()
        .position(|name| known::VCS.iter().any(|vcs| vcs.eq_ignore_ascii_case(name)))?;
    let hooks = names
        .get(at..)
        .and_then(|below| below_list(below, known::VCS_TRIGGERS, Place::Trigger));
    Some(hooks.unwrap_or(Place::Vcs))
}

fn is_build_output(names: &[&str]) -> bool {
    names
        .iter()
        .any(|name| known::BUILD_DIRECTORIES.contains(name))
        || names.last().is_some_and(|last| {
            known::BUILD_FILES
                .iter()
                .any(|file| pattern::matches(file, last))
        })
}

fn is_temp(names: &[&str]) -> bool {
    matches!(
        names,
        ["tmp", _, ..]
            | ["var", "tmp" | "folders", _, ..]
            | ["private", "tmp", _, ..]
            | ["private", "var", "tmp" | "folders", _, ..]
            | ["dev", "shm", _, ..]
            | ["run", "user", _, "tmp", ..]
    )
}

fn project_place(below: &[&str]) -> Place {
    if below.is_empty() {
        return Place::ProjectRoot;
    }
    if below.first() == Some(&"..") {
        return if below.iter().all(|name| *name == "..") {
            Place::HomeRoot
        } else {
            Place::Unknown
        };
    }
    if let Some(place) = below_any(below, known::PROJECT_GUARD, Place::Guard) {
        return place;
    }
    if let Some(place) = vcs_place(below) {
        return place;
    }
    if is_build_output(below) && !below.iter().any(|name| name.starts_with(".env")) {
        return Place::BuildOutput;
    }
    if is_secret_name(below) {
        return Place::Secret;
    }
    below_any(below, known::TRIGGERS, Place::Trigger).unwrap_or(Place::Project)
}

/// Places that do not depend on where the project is: devices, kernel, and the system's lists.
fn system_exact(path: &str, names: &[&str]) -> Option<Place> {
    let listed = |list: &[&str]| {
        list.iter().any(|known| {
            pattern::matches_any_case(known, path)
                || (path.contains(['*', '?', '[']) && could_match_path(path, known))
        })
    };
    match names {
        [] => return Some(Place::Root),
        [".", ..] => return None,
        ["dev", rest @ ..] if !rest.is_empty() && rest.first() != Some(&"shm") => {
            let harmless = known::NULL_DEVICES
                .iter()
                .any(|known| pattern::matches(known, path));
            return Some(if harmless { Place::Null } else { Place::Device });
        }
        ["proc", "self" | "thread-self", "fd", ..] => return Some(Place::Null),
        _ => {}
    }
    if names
        .iter()
        .any(|name| matches!(*name, "site-packages" | "dist-packages"))
        && listed(known::LOADED_BY_PYTHON)
    {
        return Some(Place::Startup);
    }
    if is_systems(names) {
        if listed(known::SYSTEM_GUARD) {
            return Some(Place::Guard);
        }
        if listed(known::SYSTEM_SECRETS) {
            return Some(Place::Secret);
        }
        if listed(known::SYSTEM_STARTUP) {
            return Some(Place::Startup);
        }
    }
    match names {
        ["proc" | "sys", _, ..] => Some(Place::Kernel),
        [one] if is_top(one) => Some(Place::Root),
        _ => None,
    }
}

/// Whether the lists of the system have anything below the first name.
fn is_systems(names: &[&str]) -> bool {
    const TOPS: &[&str] = &[
        "etc", "usr", "proc", "run", "var", "lib", "opt", "boot", "Library", "private", "System",
    ];
    match names {
        ["tmp", name, ..] => name.starts_with("kintsugi") || name.starts_with(['*', '?', '[']),
        [first, ..] => TOPS.iter().any(|top| is_below(&[first], top, false)),
        [] => false,
    }
}

/// Whether a pattern that somebody wrote could match a known path, name by name.
fn could_match_path(written: &str, known: &str) -> bool {
    let mut written = written.split('/');
    let mut known = known.split('/');
    loop {
        match (written.next(), known.next()) {
            (None, None) => return true,
            (Some(_), None) | (None, Some(_)) => return false,
            (Some(one), Some(other)) => {
                let fits = one.eq_ignore_ascii_case(other)
                    || pattern::matches_any_case(other, one)
                    || (one.contains(['*', '?', '[']) && could_match(one, other));
                if !fits {
                    return false;
                }
            }
        }
    }
}

/// Whether a directory of the root is one whose loss would be the loss of a machine.
fn is_top(name: &str) -> bool {
    let in_list = |list: &[&str]| {
        list.iter().any(|known| {
            known.eq_ignore_ascii_case(name)
                || (name.contains(['*', '?', '[']) && could_match(name, known))
        })
    };
    in_list(known::SYSTEM_DIRECTORIES) || in_list(known::TOP_DIRECTORIES)
}

fn outside_place(names: &[&str]) -> Place {
    let Some(first) = names.first() else {
        return Place::Root;
    };
    if is_secret_name(names) {
        return Place::Secret;
    }
    if is_everything(first) {
        return Place::System;
    }
    let in_list = |list: &[&str]| list.iter().any(|known| known.eq_ignore_ascii_case(first));
    if let Some(place) = vcs_place(names) {
        return place;
    }
    if is_secret_name(names) {
        return Place::Secret;
    }
    if names.len() == 1 && (in_list(known::TOP_DIRECTORIES) || *first == "tmp") {
        // `/tmp` itself: its loss breaks running programs, what lies in it is meant to be lost.
        return if *first == "tmp" {
            Place::System
        } else {
            Place::Root
        };
    }
    if in_list(known::SYSTEM_DIRECTORIES) || *first == "dev" {
        return Place::System;
    }
    if *first == ".." {
        return Place::Unknown;
    }
    if is_build_output(names) && names.len() > 1 {
        return Place::BuildOutput;
    }
    Place::Elsewhere
}
