//! The knowledge files that are part of the program, one a line. Add a file here, nowhere else.

/// Name and text of each file.
pub(super) const FILES: &[(&str, &str)] = &[
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
