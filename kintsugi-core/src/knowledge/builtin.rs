//! The knowledge files that are part of the program, one a line. Add a file here, nowhere else.

/// Name and text of each file.
pub(super) const FILES: &[(&str, &str)] = &[
    (
        "accounts.toml",
        include_str!("../../knowledge/accounts.toml"),
    ),
    (
        "archives.toml",
        include_str!("../../knowledge/archives.toml"),
    ),
    (
        "cloud-aws-storage.toml",
        include_str!("../../knowledge/cloud-aws-storage.toml"),
    ),
    (
        "cloud-aws.toml",
        include_str!("../../knowledge/cloud-aws.toml"),
    ),
    (
        "cloud-azure.toml",
        include_str!("../../knowledge/cloud-azure.toml"),
    ),
    (
        "cloud-google-storage.toml",
        include_str!("../../knowledge/cloud-google-storage.toml"),
    ),
    (
        "cloud-google.toml",
        include_str!("../../knowledge/cloud-google.toml"),
    ),
    (
        "cloud-platforms.toml",
        include_str!("../../knowledge/cloud-platforms.toml"),
    ),
    (
        "containers-cluster.toml",
        include_str!("../../knowledge/containers-cluster.toml"),
    ),
    (
        "containers-compose.toml",
        include_str!("../../knowledge/containers-compose.toml"),
    ),
    (
        "containers-images.toml",
        include_str!("../../knowledge/containers-images.toml"),
    ),
    (
        "containers-more.toml",
        include_str!("../../knowledge/containers-more.toml"),
    ),
    (
        "containers-objects.toml",
        include_str!("../../knowledge/containers-objects.toml"),
    ),
    (
        "containers.toml",
        include_str!("../../knowledge/containers.toml"),
    ),
    (
        "databases-other.toml",
        include_str!("../../knowledge/databases-other.toml"),
    ),
    (
        "databases-sql.toml",
        include_str!("../../knowledge/databases-sql.toml"),
    ),
    (
        "disks-volumes.toml",
        include_str!("../../knowledge/disks-volumes.toml"),
    ),
    ("disks.toml", include_str!("../../knowledge/disks.toml")),
    ("editors.toml", include_str!("../../knowledge/editors.toml")),
    ("files.toml", include_str!("../../knowledge/files.toml")),
    ("forges.toml", include_str!("../../knowledge/forges.toml")),
    (
        "git-plumbing.toml",
        include_str!("../../knowledge/git-plumbing.toml"),
    ),
    (
        "git-remote.toml",
        include_str!("../../knowledge/git-remote.toml"),
    ),
    ("git.toml", include_str!("../../knowledge/git.toml")),
    (
        "infrastructure.toml",
        include_str!("../../knowledge/infrastructure.toml"),
    ),
    (
        "javascript-tools.toml",
        include_str!("../../knowledge/javascript-tools.toml"),
    ),
    (
        "javascript.toml",
        include_str!("../../knowledge/javascript.toml"),
    ),
    ("kernel.toml", include_str!("../../knowledge/kernel.toml")),
    (
        "kubernetes-tools.toml",
        include_str!("../../knowledge/kubernetes-tools.toml"),
    ),
    (
        "kubernetes.toml",
        include_str!("../../knowledge/kubernetes.toml"),
    ),
    (
        "network-config.toml",
        include_str!("../../knowledge/network-config.toml"),
    ),
    (
        "network-http.toml",
        include_str!("../../knowledge/network-http.toml"),
    ),
    (
        "network-reach.toml",
        include_str!("../../knowledge/network-reach.toml"),
    ),
    (
        "network-remote.toml",
        include_str!("../../knowledge/network-remote.toml"),
    ),
    (
        "network-tools.toml",
        include_str!("../../knowledge/network-tools.toml"),
    ),
    (
        "packages-other.toml",
        include_str!("../../knowledge/packages-other.toml"),
    ),
    (
        "packages-system.toml",
        include_str!("../../knowledge/packages-system.toml"),
    ),
    (
        "processes.toml",
        include_str!("../../knowledge/processes.toml"),
    ),
    (
        "python-tools.toml",
        include_str!("../../knowledge/python-tools.toml"),
    ),
    ("python.toml", include_str!("../../knowledge/python.toml")),
    ("records.toml", include_str!("../../knowledge/records.toml")),
    ("rust.toml", include_str!("../../knowledge/rust.toml")),
    (
        "services.toml",
        include_str!("../../knowledge/services.toml"),
    ),
    ("shell.toml", include_str!("../../knowledge/shell.toml")),
    ("system.toml", include_str!("../../knowledge/system.toml")),
    (
        "terraform.toml",
        include_str!("../../knowledge/terraform.toml"),
    ),
    ("text.toml", include_str!("../../knowledge/text.toml")),
    (
        "variables.toml",
        include_str!("../../knowledge/variables.toml"),
    ),
    ("vcs.toml", include_str!("../../knowledge/vcs.toml")),
    (
        "wrappers.toml",
        include_str!("../../knowledge/wrappers.toml"),
    ),
];
