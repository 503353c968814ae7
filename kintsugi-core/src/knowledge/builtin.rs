//! The knowledge files that are part of the program, one a line. Add a file here, nowhere else.

/// Pairs each name with the text of its file.
macro_rules! files {
    ($($name:literal)*) => {
        &[$(($name, include_str!(concat!("../../knowledge/", $name)))),*]
    };
}

/// Name and text of each file.
pub(super) const FILES: &[(&str, &str)] = files! {
    "accounts.toml"
    "archives.toml"
    "cloud-aws-storage.toml"
    "cloud-aws.toml"
    "cloud-azure.toml"
    "cloud-google-storage.toml"
    "cloud-google.toml"
    "cloud-platforms.toml"
    "containers-cluster.toml"
    "containers-compose.toml"
    "containers-images.toml"
    "containers-more.toml"
    "containers-objects.toml"
    "containers.toml"
    "databases-other.toml"
    "databases-sql.toml"
    "disks-volumes.toml"
    "disks.toml"
    "editors.toml"
    "files.toml"
    "forges.toml"
    "git-plumbing.toml"
    "git-remote.toml"
    "git.toml"
    "infrastructure.toml"
    "javascript-tools.toml"
    "javascript.toml"
    "kernel.toml"
    "kubernetes-tools.toml"
    "kubernetes.toml"
    "network-config.toml"
    "network-http.toml"
    "network-reach.toml"
    "network-remote.toml"
    "network-tools.toml"
    "packages-other.toml"
    "packages-system.toml"
    "processes.toml"
    "python-tools.toml"
    "python.toml"
    "records.toml"
    "rust.toml"
    "services.toml"
    "shell.toml"
    "system.toml"
    "terraform.toml"
    "text.toml"
    "variables.toml"
    "vcs.toml"
    "wrappers.toml"
};
