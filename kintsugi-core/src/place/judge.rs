//! From a word of a command to the paths it could mean, and where each lies.
//!
//! Folds `.`, `..`, `//`, `~` and the links of `/proc` as text. Looks nothing up.

use super::{Place, Surroundings, severity};
use crate::effect::{Modifier, Modifiers};
use crate::shell::{Directory, Hole, Piece, Word};

/// One reading of a word as a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The path, folded as far as it is known.
    pub path: String,
    /// Where it lies.
    pub place: Place,
    /// [`Modifier::Glob`] and [`Modifier::Unresolved`], where they apply.
    pub modifiers: Modifiers,
}

/// What is known about the path that a substitution prints: `$(mktemp -d)`, `$(pwd)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputPlace {
    /// A new name in a temporary directory.
    Temp,
    /// The directory of the command.
    Directory,
    /// The root of the project.
    ProjectRoot,
}

/// A word as text for a path, before folding.
struct Draft {
    text: String,
    /// The text with every hole read as nothing.
    emptied: String,
    has_hole: bool,
    starts_with_hole: bool,
    is_pattern: bool,
}

/// Stands for what `mktemp` makes: the name that it gives where the environment does not say otherwise (mktemp(1), coreutils 9.4).
/// Rules that except what is new name it too.
pub const NEW_TEMPORARY: &str = "/tmp/tmp.XXXXXX";

/// Stands for a name that is not known. No file is called so.
const HOLE: &str = "\u{2026}";

impl Surroundings {
    /// Judges `word` as a path from `directory`; the first reading is the likely one, further ones are worse and possible.
    ///
    /// `outputs` tells what is known about a hole.
    #[must_use]
    pub fn judge(
        &self,
        word: &Word,
        directory: &Directory,
        outputs: &dyn Fn(&Hole) -> Option<OutputPlace>,
    ) -> Vec<Judgement> {
        let draft = self.draft(word, directory, outputs);
        let mut modifiers = Modifiers::NONE;
        if draft.is_pattern {
            modifiers.insert(Modifier::Glob);
        }
        if !draft.has_hole {
            let path = self.fold(&draft.text, directory);
            let place = self.place_from(&path, directory);
            return vec![Judgement {
                path,
                place,
                modifiers,
            }];
        }
        modifiers.insert(Modifier::Unresolved);
        let mut readings = Vec::with_capacity(2);
        if draft.starts_with_hole {
            readings.push(Judgement {
                path: draft.text,
                place: Place::Unknown,
                modifiers,
            });
        } else {
            let path = self.fold(&draft.text, directory);
            let found = self.place_from(&path, directory);
            let is_first = path.split('/').nth(1).is_some_and(|it| it.contains('$'));
            let is_open = found == Place::Root || (found == Place::Elsewhere && is_first);
            let place = if is_open { Place::Unknown } else { found };
            readings.push(Judgement {
                path,
                place,
                modifiers,
            });
        }
        if let Some(worse) = self.emptied_reading(&draft.emptied, directory, modifiers)
            && readings
                .iter()
                .all(|reading| severity(reading.place) < severity(worse.place))
        {
            readings.push(worse);
        }
        readings
    }

    /// The reading in which every hole is empty: `"$DIR/"*` is `/*`. Only where it would be grave.
    fn emptied_reading(
        &self,
        emptied: &str,
        directory: &Directory,
        modifiers: Modifiers,
    ) -> Option<Judgement> {
        if emptied.is_empty() {
            return None;
        }
        let path = self.fold(emptied, directory);
        let place = self.place_from(&path, directory);
        let grave = matches!(
            place,
            Place::Root
                | Place::HomeRoot
                | Place::ProjectRoot
                | Place::System
                | Place::Secret
                | Place::Startup
                | Place::Device
                | Place::Kernel
                | Place::Guard
        );
        grave.then_some(Judgement {
            path,
            place,
            modifiers,
        })
    }

    fn draft(
        &self,
        word: &Word,
        directory: &Directory,
        outputs: &dyn Fn(&Hole) -> Option<OutputPlace>,
    ) -> Draft {
        let mut draft = Draft {
            text: String::new(),
            emptied: String::new(),
            has_hole: false,
            starts_with_hole: false,
            is_pattern: false,
        };
        for piece in &word.pieces {
            match piece {
                Piece::Text(text) => {
                    draft.text.push_str(text);
                    draft.emptied.push_str(text);
                }
                Piece::Glob(text) => {
                    draft.is_pattern = true;
                    draft.text.push_str(text);
                    draft.emptied.push_str(text);
                }
                Piece::Hole(hole) => {
                    if let Some(text) = self.hole_text(hole, directory, outputs) {
                        draft.text.push_str(&text);
                        draft.emptied.push_str(&text);
                    } else {
                        draft.starts_with_hole |= draft.text.is_empty();
                        draft.has_hole = true;
                        draft.text.push_str(&display_hole(hole));
                    }
                }
            }
        }
        draft
    }

    /// What a hole says when that is known by convention.
    fn hole_text(
        &self,
        hole: &Hole,
        directory: &Directory,
        outputs: &dyn Fn(&Hole) -> Option<OutputPlace>,
    ) -> Option<String> {
        let here = || match directory {
            Directory::Known(path) => path.clone(),
            Directory::Unknown => ".".to_owned(),
        };
        let project = || self.project_root.clone().unwrap_or_else(here);
        match hole {
            Hole::Variable(name) => match name.as_str() {
                "HOME" | "ZDOTDIR" => Some("~".to_owned()),
                "PWD" => Some(here()),
                "TMPDIR" | "TMP" | "TEMP" | "TEMPDIR" => Some("/tmp".to_owned()),
                "XDG_CONFIG_HOME" => Some("~/.config".to_owned()),
                "XDG_CACHE_HOME" => Some("~/.cache".to_owned()),
                "XDG_DATA_HOME" => Some("~/.local/share".to_owned()),
                "XDG_STATE_HOME" => Some("~/.local/state".to_owned()),
                "CARGO_HOME" => Some("~/.cargo".to_owned()),
                "GOPATH" => Some("~/go".to_owned()),
                "SSH_AUTH_SOCK" => Some("~/.ssh/agent".to_owned()),
                "KUBECONFIG" => Some("~/.kube/config".to_owned()),
                "GITHUB_WORKSPACE" | "CI_PROJECT_DIR" | "WORKSPACE" | "PROJECT_ROOT"
                | "CLAUDE_PROJECT_DIR" => Some(project()),
                // Where their installers put them, or close to it: what counts is whose place it is.
                "ANDROID_HOME" | "ANDROID_SDK_ROOT" => Some("~/Android/Sdk".to_owned()),
                "BUN_INSTALL" => Some("~/.bun".to_owned()),
                "CONDA_PREFIX" => Some("~/miniconda3".to_owned()),
                "FLUTTER_ROOT" | "FLUTTER_HOME" => Some("~/flutter".to_owned()),
                "GOROOT" => Some("/usr/local/go".to_owned()),
                "HOMEBREW_PREFIX" => Some("/opt/homebrew".to_owned()),
                "IDF_PATH" => Some("~/esp/esp-idf".to_owned()),
                "JAVA_HOME" => Some("/usr/lib/jvm/default".to_owned()),
                "NVM_DIR" => Some("~/.nvm".to_owned()),
                "PNPM_HOME" => Some("~/.local/share/pnpm".to_owned()),
                "PYENV_ROOT" => Some("~/.pyenv".to_owned()),
                "RBENV_ROOT" => Some("~/.rbenv".to_owned()),
                "RUSTUP_HOME" => Some("~/.rustup".to_owned()),
                "SDKMAN_DIR" => Some("~/.sdkman".to_owned()),
                "VOLTA_HOME" => Some("~/.volta".to_owned()),
                "VIRTUAL_ENV" => Some(format!("{}/.venv", project())),
                _ => None,
            },
            Hole::Output { .. } | Hole::Process { .. } | Hole::Other(_) => match outputs(hole)? {
                OutputPlace::Temp => Some(NEW_TEMPORARY.to_owned()),
                OutputPlace::Directory => Some(here()),
                OutputPlace::ProjectRoot => Some(project()),
            },
        }
    }

    /// The place of a folded path. The directory stands for the project when nothing better is known.
    fn place_from(&self, path: &str, directory: &Directory) -> Place {
        let here = match directory {
            Directory::Known(here) => Some(here.as_str()),
            Directory::Unknown => None,
        };
        self.around(self.project_root.as_deref().or(here))
            .place(path)
    }

    /// Folds `text` as a path from `directory`: absolute, or `~/…` when the home is not known, or `./…` when the directory is not.
    #[must_use]
    pub fn fold(&self, text: &str, directory: &Directory) -> String {
        let mut names: Vec<&str> = Vec::new();
        let base = self.base(text, directory, &mut names);
        let rest = if base == Base::Home {
            text.split_once('/').map_or("", |(_, rest)| rest)
        } else {
            text
        };
        for name in rest.split('/') {
            match name {
                "" | "." => {}
                ".." => {
                    if matches!(names.last(), None | Some(&".."))
                        && base != Base::Absolute
                        && names.first() != Some(&"~")
                    {
                        names.push("..");
                    } else {
                        names.pop();
                    }
                }
                name => names.push(name),
            }
            strip_proc_links(&mut names, directory);
        }
        match names.first() {
            Some(first) if first.starts_with('~') => names.join("/"),
            _ if base == Base::Nowhere => {
                if names.is_empty() {
                    ".".to_owned()
                } else {
                    format!("./{}", names.join("/"))
                }
            }
            _ => format!("/{}", names.join("/")),
        }
    }

    /// Puts the names in front of the first one, and tells how the path starts.
    fn base<'t>(
        &'t self,
        text: &'t str,
        directory: &'t Directory,
        names: &mut Vec<&'t str>,
    ) -> Base {
        let parts = |path: &'t str| path.split('/').filter(|part| !part.is_empty());
        if text.starts_with('/') {
            return Base::Absolute;
        }
        if text.starts_with('~') {
            let user = text.split('/').next().unwrap_or("~");
            match (user, self.home.as_deref()) {
                ("~+", _) => {}
                ("~", Some(home)) => {
                    names.extend(parts(home));
                    return Base::Home;
                }
                _ => {
                    names.push(user);
                    return Base::Home;
                }
            }
        }
        match directory {
            Directory::Known(path) => {
                names.extend(parts(path));
                Base::Absolute
            }
            Directory::Unknown => Base::Nowhere,
        }
    }
}

/// What the first names of a path hang on.
#[derive(PartialEq, Eq, Clone, Copy)]
enum Base {
    Absolute,
    Home,
    Nowhere,
}

/// Follows `/proc/self/root` and `/proc/self/cwd`, which lead out of `/proc` (`proc(5)`).
fn strip_proc_links<'t>(names: &mut Vec<&'t str>, directory: &'t Directory) {
    let [root, process, link] = names.as_slice() else {
        return;
    };
    let is_process = matches!(*process, "self" | "thread-self" | "*")
        || process.starts_with('$')
        || process.chars().all(|letter| letter.is_ascii_digit());
    if *root != "proc" || !is_process {
        return;
    }
    match *link {
        "root" => names.clear(),
        "cwd" => {
            names.clear();
            if let Directory::Known(path) = directory {
                names.extend(path.split('/').filter(|part| !part.is_empty()));
            }
        }
        _ => {}
    }
}

/// A hole within a path: a name that no list knows, readable for people.
fn display_hole(hole: &Hole) -> String {
    match hole {
        Hole::Variable(name) => format!("${name}"),
        Hole::Output { .. } => format!("$({HOLE})"),
        Hole::Process { readable: true, .. } => format!("<({HOLE})"),
        Hole::Process {
            readable: false, ..
        } => format!(">({HOLE})"),
        Hole::Other(_) => format!("${HOLE}"),
    }
}
