//! The knowledge files that are part of the program, one a line. Add a file here, nowhere else.

/// Name and text of each file.
pub(super) const FILES: &[(&str, &str)] = &[
    (
        "archives.toml",
        include_str!("../../knowledge/archives.toml"),
    ),
    ("files.toml", include_str!("../../knowledge/files.toml")),
    (
        "git-plumbing.toml",
        include_str!("../../knowledge/git-plumbing.toml"),
    ),
    (
        "git-remote.toml",
        include_str!("../../knowledge/git-remote.toml"),
    ),
    ("git.toml", include_str!("../../knowledge/git.toml")),
    ("python.toml", include_str!("../../knowledge/python.toml")),
    ("records.toml", include_str!("../../knowledge/records.toml")),
    ("rust.toml", include_str!("../../knowledge/rust.toml")),
    ("shell.toml", include_str!("../../knowledge/shell.toml")),
    (
        "wrappers.toml",
        include_str!("../../knowledge/wrappers.toml"),
    ),
    (
        "variables.toml",
        include_str!("../../knowledge/variables.toml"),
    ),
];
