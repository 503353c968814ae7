//! The packs that are built in.

/// File and text of each.
pub(super) const PACKS: &[(&str, &str)] =
    &[("rules/files.toml", include_str!("../../rules/files.toml"))];
