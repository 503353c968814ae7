//! Programs whose output is made to be evaluated by the shell that asks for it: `eval "$(ssh-agent -s)"`.
//!
//! Running what such a program prints is as trustworthy as running the program. Nothing is said here about a program given
//! by a path of the project, or about text that is piped into a shell. Sources: the manual or `--help` of each.

use super::code::is_standard_input;
use super::program::Task;
use crate::shell::{Input, Script, Word};

/// Programs, and the words of which one must be there; none: any words will do.
const SETUP: &[(&[&str], &[&str])] = &[
    (
        &[
            "ssh-agent",
            "dircolors",
            "gdircolors",
            "keychain",
            "lesspipe",
            "resize",
            "tset",
        ],
        &[],
    ),
    // What is defined here already, as this shell would define it again (bash(1) 5.2).
    (
        &["declare", "typeset", "export", "readonly", "trap"],
        &["-f", "-p"],
    ),
    (&["brew", "path_helper"], &["shellenv", "-s"]),
    (
        &[
            "pyenv",
            "rbenv",
            "nodenv",
            "goenv",
            "jenv",
            "plenv",
            "phpenv",
            "starship",
            "zoxide",
            "atuin",
            "mcfly",
            "oh-my-posh",
            "rtx",
            "anyenv",
            "navi",
            "pyenv-virtualenv",
            "batpipe",
        ],
        &["init", "virtualenv-init", "sh-rehash", "widget"],
    ),
    (&["direnv"], &["hook", "export"]),
    (&["mise", "rtx"], &["activate", "env", "hook-env"]),
    (
        &["fnm", "opam", "luarocks", "pixi", "volta"],
        &["env", "path", "shell-hook"],
    ),
    (
        &["conda", "mamba", "micromamba"],
        &["hook", "shell.bash", "shell.zsh", "shell.posix"],
    ),
    (&["thefuck", "hub"], &["--alias", "alias"]),
    (&["fzf"], &["--bash", "--zsh"]),
    (&["minikube"], &["docker-env", "podman-env"]),
    (&["docker-machine"], &["env"]),
    (
        &[
            "register-python-argcomplete",
            "activate-global-python-argcomplete",
        ],
        &[],
    ),
    (
        &[
            "kubectl",
            "gh",
            "helm",
            "docker",
            "npm",
            "pip",
            "pip3",
            "minikube",
            "kind",
            "k3d",
            "flux",
            "argocd",
            "istioctl",
            "oc",
            "cilium",
            "stern",
            "rustup",
            "poetry",
            "deno",
            "glab",
            "hugo",
            "kustomize",
            "k9s",
            "eksctl",
            "velero",
            "doctl",
            "linkerd",
            "just",
            "uv",
            "uvx",
            "pnpm",
            "yarn",
            "ng",
            "terraform",
            "cargo",
            "rclone",
            "restic",
            "yq",
            "chezmoi",
            "podman",
            "nerdctl",
        ],
        &[
            "completion",
            "completions",
            "--completion",
            "generate-shell-completion",
            "gen-completions",
        ],
    ),
];

/// Commands that print settings and nothing of what else they can be told: poetry 2.0, pdm 2.22, devbox 0.13, nix 2.24, dbus-launch(1) 1.14.
const WHOLE: &[&[&str]] = &[
    &["poetry", "env", "activate"],
    &["pdm", "venv", "activate"],
    &["devbox", "shellenv"],
    &["nix", "print-dev-env"],
    &["dbus-launch", "--sh-syntax"],
];

/// Whether the command at `first` prints settings for the shell. Not when the line itself gives the name a meaning.
pub(super) fn prints_settings(script: &Script, words: &[Word]) -> bool {
    let mut known = words.iter().map(Word::known);
    let Some(Some(name)) = known.next() else {
        return false;
    };
    if script.called.iter().any(|called| called.as_str() == &*name) {
        return false;
    }
    // Where package managers put programs; only their owner writes there.
    let name = [
        "/opt/homebrew/bin/",
        "/home/linuxbrew/.linuxbrew/bin/",
        "/usr/local/bin/",
        "/usr/bin/",
        "/usr/libexec/",
    ]
    .iter()
    .find_map(|directory| name.strip_prefix(directory))
    .unwrap_or(&name);
    let Some(arguments) = known.collect::<Option<Vec<_>>>() else {
        return false;
    };
    let is_whole = |whole: &&[&str]| {
        whole.first() == Some(&name)
            && whole.get(1..).is_some_and(|rest| {
                rest.iter().eq(arguments
                    .iter()
                    .take(rest.len())
                    .map(|word| &**word)
                    .collect::<Vec<_>>()
                    .iter())
                    && arguments.len() <= rest.len() + 1
            })
    };
    if WHOLE.iter().any(is_whole) {
        return true;
    }
    SETUP.iter().any(|(programs, needed)| {
        programs.contains(&name)
            && (needed.is_empty() || arguments.iter().any(|word| needed.contains(&&**word)))
    })
}
/// Whether a shell takes in what one program prints to set it up: `direnv hook fish | source`.
pub(super) fn is_sourced(task: &Task<'_, '_>) -> bool {
    let Input::Pipe { first, end } = task.call.input else {
        return false;
    };
    let script = task.call.scope.script;
    let range = first.0 as usize..end.0 as usize;
    task.parsed.path == "source"
        && matches!(task.call.words, [_, file] if is_standard_input(file))
        && matches!(
            script.invocations.get(range),
            Some([only]) if prints_settings(script, &only.words)
        )
}
