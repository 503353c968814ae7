//! Which captures are of here: of this terminal, or of the project that somebody stands in.

use std::path::{Path, PathBuf};

use kintsugi_core::capture::manifest::Summary;

use crate::exit::Failure;
use crate::facts::git::root_of;
use crate::surroundings;

/// Where somebody is who wants something undone and does not say what.
#[derive(Debug)]
pub struct Whereabouts {
    /// The root of the working copy, or the directory where there is none.
    scope: PathBuf,
    /// Whether what is below it is of here, too: not of a home or of the root, below which everything is.
    is_wide: bool,
    session: Option<String>,
}

impl Whereabouts {
    /// Finds out.
    ///
    /// # Errors
    /// When this process is in no directory.
    pub fn now() -> Result<Self, Failure> {
        let here = PathBuf::from(surroundings::directory()?);
        let home = std::env::var_os("HOME").map(PathBuf::from);
        let session = crate::proposal::terminal_session();
        Ok(Self::at(&here, home.as_deref(), session))
    }

    fn at(here: &Path, home: Option<&Path>, session: Option<String>) -> Self {
        let scope = root_of(here).unwrap_or_else(|| here.to_owned());
        let is_above_home = home.is_some_and(|home| home.starts_with(&scope));
        Self {
            is_wide: scope.parent().is_some() && !is_above_home,
            scope,
            session,
        }
    }

    /// Whether a capture was made in this terminal or this project, or keeps something of it.
    #[must_use]
    pub fn is_of(&self, summary: &Summary) -> bool {
        let is_here =
            |path: &Path| path == self.scope || (self.is_wide && path.starts_with(&self.scope));
        let same_session = self.session.is_some() && self.session == summary.session;
        same_session
            || is_here(Path::new(&summary.cwd))
            || summary.paths.iter().any(|name| is_here(&name.path()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kintsugi_core::capture::manifest::Name;

    fn summary(cwd: &str, session: Option<&str>, path: &str) -> Summary {
        Summary {
            id: uuid::Uuid::new_v4(),
            at: String::new(),
            command: String::new(),
            cwd: cwd.to_owned(),
            agent: String::new(),
            session: session.map(str::to_owned),
            undoes: None,
            files: 0,
            bytes: 0,
            stored: 0,
            paths: vec![Name(path.as_bytes().to_vec())],
            cannot: Vec::new(),
        }
    }

    #[test]
    fn a_capture_is_of_here_by_its_terminal_its_directory_or_what_it_keeps() {
        let is_of = |here: &str, session: Option<&str>, summary: &Summary| {
            let session = session.map(str::to_owned);
            Whereabouts::at(Path::new(here), Some(Path::new("/home/ada")), session).is_of(summary)
        };
        let one = summary("/srv/one/deep", Some("terminal-7"), "/srv/two/f");
        for (here, session, expected) in [
            ("/srv/one", None, true),
            ("/srv/one/deep", None, true),
            ("/srv/two", None, true),
            ("/srv/on", None, false),
            ("/srv/three", Some("terminal-7"), true),
            ("/srv/three", Some("terminal-8"), false),
            // Everything is below it, so that says nothing.
            ("/", None, false),
        ] {
            assert_eq!(is_of(here, session, &one), expected, "{here} {session:?}");
        }
        let home = summary("/home/ada/p", None, "/home/ada/p/f");
        assert!(!is_of("/home/ada", None, &home));
        assert!(is_of("/home/ada", None, &summary("/home/ada", None, "/x")));
        assert!(
            !is_of("/srv", None, &home),
            "no terminal is not the same terminal"
        );
    }
}
