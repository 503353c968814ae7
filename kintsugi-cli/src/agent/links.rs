//! Where a path leads through symbolic links: a tool that writes to `link/.bashrc` writes to what it leads to.

use std::path::{Path, PathBuf};

use crate::surroundings;

/// Returns where `path`, as it is seen from `cwd` and is `plain` without `.` and `..`, leads; nothing when that is `plain` itself.
///
/// A home or a directory that lies behind a link as a whole is named as its person names it.
pub(super) fn behind(cwd: &str, path: &str, plain: &str) -> Option<String> {
    let home = surroundings::home();
    let named = match (path.strip_prefix("~/"), &home) {
        (Some(rest), Some(home)) => Path::new(home).join(rest),
        (Some(_) | None, _) => Path::new(cwd).join(path),
    };
    let mut real = named.ancestors().find_map(|above| {
        let rest = named.strip_prefix(above).ok()?;
        Some(above.canonicalize().ok()?.join(rest))
    })?;
    // What is not there yet has no real path, and may end in a slash that is none of it.
    real = real.components().collect::<PathBuf>();
    for base in [Some(cwd), home.as_deref()].into_iter().flatten() {
        let inside = Path::new(base).canonicalize();
        if let Ok(rest) = inside.and_then(|inside| {
            real.strip_prefix(inside)
                .map(Path::to_owned)
                .map_err(std::io::Error::other)
        }) {
            real = Path::new(base).join(rest);
            break;
        }
    }
    let real = real.to_str()?;
    let plain = plain.trim_end_matches('/');
    (real.trim_end_matches('/') != plain).then(|| real.to_owned())
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_link_is_followed_and_a_directory_behind_one_keeps_its_name() {
        let place = tempfile::tempdir().unwrap();
        let place = place.path().canonicalize().unwrap();
        let at = |name: &str| place.join(name).display().to_string();
        std::fs::create_dir_all(at("real/work/src")).unwrap();
        std::os::unix::fs::symlink(at("real"), at("link")).unwrap();
        let behind = |cwd: &str, path: &str| {
            let plain = crate::agent::call::below(cwd, path);
            super::behind(cwd, path, &plain)
        };
        // The directory itself lies behind a link: nothing to say.
        assert_eq!(behind(&at("link/work"), "src/new.rs"), None);
        assert_eq!(behind(&at("real/work"), "src/./new.rs"), None);
        assert_eq!(behind(&at("real/work"), "../../none/at/all"), None);
        // The way leads out of it.
        assert_eq!(behind(&at("real/work"), &at("link/x")), Some(at("real/x")));
        std::os::unix::fs::symlink("/etc", at("real/work/src/etc")).unwrap();
        assert_eq!(
            behind(&at("link/work"), "src/etc/passwd").as_deref(),
            Some("/etc/passwd")
        );
        assert_eq!(
            behind(&at("link/work"), "src/etc/../passwd").as_deref(),
            Some("/passwd")
        );
    }
}
