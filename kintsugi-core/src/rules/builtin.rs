//! The packs that are built in.

/// File and text of each.
pub(super) const PACKS: &[(&str, &str)] = &[
    ("rules/files.toml", include_str!("../../rules/files.toml")),
    (
        "rules/elsewhere.toml",
        include_str!("../../rules/elsewhere.toml"),
    ),
    ("rules/rights.toml", include_str!("../../rules/rights.toml")),
    ("rules/system.toml", include_str!("../../rules/system.toml")),
    ("rules/git.toml", include_str!("../../rules/git.toml")),
    (
        "rules/databases.toml",
        include_str!("../../rules/databases.toml"),
    ),
    (
        "rules/infrastructure.toml",
        include_str!("../../rules/infrastructure.toml"),
    ),
    (
        "rules/credentials.toml",
        include_str!("../../rules/credentials.toml"),
    ),
    (
        "rules/exfiltration.toml",
        include_str!("../../rules/exfiltration.toml"),
    ),
    (
        "rules/persistence.toml",
        include_str!("../../rules/persistence.toml"),
    ),
    ("rules/code.toml", include_str!("../../rules/code.toml")),
    (
        "rules/assumed.toml",
        include_str!("../../rules/assumed.toml"),
    ),
    ("rules/supply.toml", include_str!("../../rules/supply.toml")),
    ("rules/guard.toml", include_str!("../../rules/guard.toml")),
    (
        "rules/resources.toml",
        include_str!("../../rules/resources.toml"),
    ),
];
