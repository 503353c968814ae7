//! English words that people use for commands, and what they say. Knows no program and no command line.

/// What a verb does, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sense {
    /// Nothing changes, whatever follows.
    Looks,
    /// Something is gone for good.
    Destroys,
    /// Something is gone, or back in an earlier state.
    Deletes,
    /// Something no longer runs.
    Stops,
    /// Others see it from now on.
    Publishes,
    /// Others may see it from now on.
    Sends,
    /// Somebody may do more, or less.
    Grants,
    /// Costs money.
    Pays,
    /// Device memory is written.
    Flashes,
    /// Makes or keeps something; with a secret behind it, that.
    Makes,
    /// Prints or keeps a copy; with a secret behind it, that.
    Reveals,
    /// Prints a secret.
    Leaks,
    /// A secret.
    Secret,
    /// Words that would say nothing.
    Nothing,
}

/// The sense of one part of a word, in small letters.
pub(super) fn sense(part: &str) -> Sense {
    match part {
        "list" | "ls" | "status" | "describe" | "info" | "help" | "version" | "search" | "find"
        | "print" | "test" | "tests" | "lint" | "check" | "verify" | "validate" | "plan"
        | "preview" | "diff" | "explain" | "logs" | "log" | "tail" | "watch" | "inspect"
        | "query" | "lookup" | "count" | "stat" | "stats" | "history" | "doctor" | "completion"
        | "docs" | "doc" | "whoami" | "ping" | "monitor" | "top" | "simulate" | "grep" | "is"
        | "has" | "can" | "on" | "no" | "not" | "after" | "before" | "deleted" | "removed" => {
            Sense::Looks
        }
        "destroy" | "purge" | "wipe" | "drop" | "terminate" | "erase" | "nuke" | "obliterate"
        | "truncate" | "flush" | "flushall" | "flushdb" | "decommission" | "deprovision"
        | "teardown" | "shred" | "factoryreset" | "undeploy" | "undefine" | "dropdb" | "zap"
        | "zeroize" | "expunge" | "deleteall" | "annihilate" | "unpublish" | "yank" | "dropall"
        | "reimage" | "wipeout" | "selfdestruct" | "unregister" | "deregister" | "uninstall"
        | "rmtree" | "cleanse" | "rmtrash" | "destroyall" | "purgeall" | "burn" | "eraseall"
        | "uninstrument" | "dismantle" | "deauthorize" | "unenroll" | "unclaim" | "disenroll"
        | "annul" | "clobber" | "deallocate" | "dealloc" | "delist" | "demolish" | "eradicate"
        | "exterminate" | "nullify" | "raze" | "shun" | "tombstone" | "vaporize" | "zerofill"
        | "zeroise" | "scuttle" | "unprovision" | "deinit" | "deinitialize" | "disband"
        | "dispose" | "forceremove" | "liquidate" | "unshare" | "decommit" | "sunset"
        | "bulkdelete" | "massdelete" | "destruct" | "defederate" | "depublish" | "wipedata"
        | "wipefs" | "scrap" | "degauss" => Sense::Destroys,
        "delete" | "del" | "remove" | "rm" | "rmi" | "rmdir" | "rmr" | "clear" | "prune"
        | "reset" | "detach" | "evict" | "expire" | "cleanup" | "clean" | "discard" | "abandon"
        | "archive" | "empty" | "forget" | "trash" | "rollback" | "restore" | "downgrade"
        | "undo" | "failover" | "unlink" | "overwrite" | "invalidate" | "retire" | "vacate"
        | "unbind" | "kick" | "ban" | "dropuser" | "removeall" | "unassign" | "disassociate"
        | "dissociate" | "revert" | "undochange" | "reinit" | "reinitialize" | "recreate"
        | "fresh" | "unpair" | "unmap" | "gc" | "reclaim" | "deduplicate" | "supersede"
        | "untrack" | "resync" | "reseed" | "reimport" | "eject" | "unmanage" | "deprecate"
        | "obsolete" | "unfollow" | "unfriend" | "unlist" | "void" | "rewind" | "repave"
        | "detachall" | "delall" | "cleanall" | "unstage" | "evacuated" | "closeaccount"
        | "overwriteall" => Sense::Deletes,
        "stop" | "kill" | "killall" | "shutdown" | "halt" | "poweroff" | "reboot" | "suspend"
        | "drain" | "cordon" | "disable" | "deactivate" | "cancel" | "abort" | "freeze"
        | "quarantine" | "mute" | "pause" | "powercycle" | "restart" | "off" | "down" | "leave"
        | "seal" | "demote" | "evacuate" | "fence" | "disconnect" | "offline" | "uncordon"
        | "stopall" | "bounce" | "powerdown" | "scram" | "estop" | "hibernate" | "lockout"
        | "isolate" | "takedown" | "blackhole" | "deny" | "reject" | "unmount" | "unplug" => {
            Sense::Stops
        }
        _ => act_sense(part),
    }
}

/// The sense of one part of a word that takes nothing away, in small letters.
fn act_sense(part: &str) -> Sense {
    match part {
        "publish" | "deploy" | "upload" | "submit" | "release" | "promote" | "ship" => {
            Sense::Publishes
        }
        "send" | "broadcast" | "tweet" | "announce" | "share" | "push" | "notify" | "email"
        | "sendmail" | "mail" | "sms" | "reply" | "comment" | "invite" | "distribute"
        | "dispatch" | "toot" | "repost" | "redeliver" | "redrive" | "replay" | "requeue"
        | "resend" | "produce" | "enqueue" | "syndicate" | "dm" | "fax" | "respond" | "greet"
        | "seedtorrent" => Sense::Sends,
        "grant" | "revoke" | "impersonate" | "elevate" | "jailbreak" | "unlock" | "chown"
        | "addadmin" | "adduser" | "useradd" | "setrole" | "authorize" | "authorise"
        | "whitelist" | "allowlist" | "entitle" | "delegate" | "expose" | "unprotect"
        | "unrestrict" | "trust" | "setpassword" | "setpasswd" | "chpasswd" | "addkey"
        | "approve" | "takeover" | "makepublic" => Sense::Grants,
        "pay" | "payout" | "withdraw" | "sendtoaddress" | "sendmany" | "sendcoins" | "charge"
        | "refund" | "purchase" | "buy" | "sell" | "transfer" | "stake" | "unstake" | "mint"
        | "donate" | "tip" | "bid" | "trade" | "swap" | "redeem" | "topup" | "repay" | "borrow"
        | "undelegate" | "unbond" | "placeorder" | "order" | "reserve" | "rent" | "deposit"
        | "sendpayment" | "payinvoice" => Sense::Pays,
        "flash" | "reflash" | "writeflash" | "burnfuse" | "burnefuse" | "dfu" | "upgradefw" => {
            Sense::Flashes
        }
        "create" | "set" | "add" | "rotate" | "put" | "update" | "generate" | "write"
        | "change" | "regenerate" | "import" | "new" | "register" => Sense::Makes,
        "get" | "show" | "read" | "reveal" | "export" | "dump" | "decrypt" | "view" | "fetch"
        | "pull" | "download" | "access" | "unseal" | "extract" | "backup" | "unwrap" | "cat" => {
            Sense::Reveals
        }
        "dumpprivkey" | "dumpwallet" | "exportprivkey" | "exportkey" | "showseed"
        | "showmnemonic" | "dumpseed" | "getpassword" => Sense::Leaks,
        "secret" | "secrets" | "password" | "passwords" | "passwd" | "token" | "tokens"
        | "credential" | "credentials" | "apikey" | "apikeys" | "privkey" | "privatekey"
        | "mnemonic" | "keychain" | "keystore" => Sense::Secret,
        _ => joined_sense(part),
    }
}

/// What verbs are said of in words that are written as one.
const NOUNS: &[&str] = &[
    "all",
    "agent",
    "br",
    "bridge",
    "bucket",
    "cache",
    "cluster",
    "collection",
    "db",
    "flow",
    "flows",
    "group",
    "host",
    "if",
    "index",
    "item",
    "job",
    "jobs",
    "key",
    "keys",
    "link",
    "member",
    "node",
    "peer",
    "port",
    "princ",
    "principal",
    "queue",
    "queues",
    "range",
    "repo",
    "route",
    "rule",
    "rules",
    "server",
    "site",
    "table",
    "topic",
    "user",
    "users",
    "vhost",
    "vm",
    "volume",
    "zone",
    "record",
    "records",
    "backup",
    "disk",
    "domain",
    "entry",
    "file",
    "image",
    "instance",
    "license",
    "message",
    "namespace",
    "network",
    "object",
    "policy",
    "role",
    "secret",
    "session",
    "snapshot",
    "stack",
    "tag",
    "token",
    "account",
    "project",
    "service",
    "servers",
];

/// Verbs of words that are written as one.
const VERBS: &[(&str, Sense)] = &[
    ("delete", Sense::Deletes),
    ("remove", Sense::Deletes),
    ("clear", Sense::Deletes),
    ("purge", Sense::Destroys),
    ("destroy", Sense::Destroys),
    ("flush", Sense::Destroys),
    ("wipe", Sense::Destroys),
    ("drop", Sense::Destroys),
    ("del", Sense::Deletes),
    ("kill", Sense::Stops),
    ("stop", Sense::Stops),
    ("disable", Sense::Stops),
];

/// Verbs that say it whatever is joined to them: `deletesnapshot`, `rrdelete`.
const PLAIN_VERBS: &[(&str, Sense)] = &[
    ("delete", Sense::Deletes),
    ("remove", Sense::Deletes),
    ("destroy", Sense::Destroys),
    ("purge", Sense::Destroys),
    ("erase", Sense::Destroys),
    ("terminate", Sense::Destroys),
];

/// A verb and its noun written as one word: `delzone`, `killagent`, `clearrange`, `rrdelete`.
fn joined_sense(part: &str) -> Sense {
    if part.len() < 5 {
        return Sense::Nothing;
    }
    let plain = PLAIN_VERBS.iter().find(|(verb, _)| {
        let behind = part
            .strip_prefix(verb)
            .is_some_and(|noun| noun.len() > 2 && !["able", "all", "ion", "ist"].contains(&noun));
        let before = part.strip_suffix(verb).is_some_and(|noun| {
            noun.len() > 1
                && !["un", "non", "auto", "soft", "pre", "on", "no", "is", "can"].contains(&noun)
        });
        behind || before
    });
    let joined = || {
        VERBS.iter().find(|(verb, _)| {
            part.strip_prefix(verb).is_some_and(|noun| {
                NOUNS.contains(&noun)
                    || noun
                        .strip_suffix('s')
                        .is_some_and(|one| NOUNS.contains(&one))
            })
        })
    };
    plain
        .or_else(joined)
        .map_or(Sense::Nothing, |(_, sense)| *sense)
}

/// The sense of a word as it is written: `delete-job`, `vm.destroy`, `apps:destroy`, `DeleteInstance`.
///
/// A verb stands first or last; when the first only looks, so does the word: `list-deleted`. Behind a dot the last part
/// counts, so that `archive.tar` is a file.
pub(super) fn word_sense(whole: &str) -> Sense {
    let text = whole.rsplit('.').next().unwrap_or(whole);
    let all: Vec<String> = parts(text).collect();
    let first = all.first().map_or(Sense::Nothing, |part| sense(part));
    let last = all.last().map_or(Sense::Nothing, |part| sense(part));
    let is_open = matches!(first, Sense::Nothing | Sense::Secret | Sense::Sends);
    let found = if is_open && all.len() > 1 {
        last
    } else {
        first
    };
    // `ro.build.version.release` is a property, not a release.
    let is_property =
        whole.matches('.').count() > 1 && matches!(found, Sense::Publishes | Sense::Sends);
    if is_property {
        return Sense::Nothing;
    }
    let is_weak = is_open && all.len() > 1 && matches!(found, Sense::Looks | Sense::Sends);
    if is_weak || found == Sense::Secret {
        Sense::Nothing
    } else {
        found
    }
}

/// The parts of a word, in small letters: cut at punctuation and in front of capitals.
pub(super) fn parts(text: &str) -> impl Iterator<Item = String> {
    let mut all = vec![String::new()];
    let mut was_small = false;
    for letter in text.chars() {
        let cuts = matches!(letter, '-' | '_' | ':' | '.' | '@' | '+');
        if cuts || letter.is_ascii_uppercase() && was_small {
            all.push(String::new());
        }
        was_small = letter.is_ascii_lowercase();
        if !cuts && let Some(part) = all.last_mut() {
            part.push(letter.to_ascii_lowercase());
        }
    }
    all.into_iter().filter(|part| !part.is_empty())
}

pub(super) const fn is_of_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | ':' | '.' | '@' | '+')
}

pub(super) fn is_dry(option: &str, value: &str) -> bool {
    matches!(
        option,
        "dry-run"
            | "dryrun"
            | "dry"
            | "simulate"
            | "what-if"
            | "whatif"
            | "noop"
            | "check"
            | "plan"
    ) && !matches!(value, "false" | "none" | "no" | "0")
}

pub(super) fn is_forcing(option: &str) -> bool {
    matches!(
        option,
        "force"
            | "yes"
            | "assume-yes"
            | "assumeyes"
            | "confirm"
            | "no-confirm"
            | "noconfirm"
            | "auto-approve"
            | "approve"
            | "no-prompt"
            | "no-prompts"
            | "no-input"
            | "non-interactive"
            | "noninteractive"
            | "skip-confirmation"
            | "unattended"
            | "admin"
            | "yes-always"
            | "now"
            | "immediate"
    ) || option.starts_with("force-")
        || option.starts_with("yes-i-")
        || option.starts_with("i-")
        || option.starts_with("really")
        || option.starts_with("allow-unsafe")
        || option.starts_with("allow-destr")
        || option.contains("data-loss")
}

pub(super) fn is_sweeping(option: &str) -> bool {
    matches!(
        option,
        "all" | "everything" | "recursive" | "cascade" | "purge" | "prune" | "volumes"
    ) || option.starts_with("all-")
        || option.starts_with("delete-")
        || option.starts_with("remove-all")
}

/// What making a thing of that kind does: a message is sent, a right is given, a machine is paid for.
pub(super) fn making_sense(kind: &str) -> Sense {
    match kind.strip_suffix('s').unwrap_or(kind) {
        "incident" | "alert" | "page" | "announcement" | "notification" | "message" | "post"
        | "tweet" | "invite" | "invitation" | "campaign" | "email" | "sms" | "reply"
        | "comment" | "review" | "broadcast" | "newsletter" | "ticket" => Sense::Sends,
        "payment" | "payout" | "order" | "invoice" | "booking" | "transfer" | "trade"
        | "purchase" | "subscription" | "charge" | "instance" | "server" | "droplet" | "linode"
        | "vm" | "fleet" | "gpu" | "machine" | "reservation" => Sense::Pays,
        "admin" | "collaborator" | "grant" | "permission" | "authorization" | "acl"
        | "rolebinding" | "sshkey" | "ssh-key" | "deploykey" | "deploy-key" => Sense::Grants,
        _ => Sense::Nothing,
    }
}

/// Whether a name says that others depend on what has it.
pub(super) fn is_production(text: &str) -> bool {
    parts(text).any(|part| {
        matches!(
            part.as_str(),
            "prod" | "production" | "prd" | "live" | "mainnet"
        )
    }) && !text.contains('/')
}

/// Whether a program is for secrets by its name.
pub(super) fn names_secrets(program: &str) -> bool {
    let lower = program.to_ascii_lowercase();
    ["secret", "password", "vault", "credential", "keychain"]
        .iter()
        .any(|kind| lower.contains(kind))
}

/// Whether a program administers a service by its name: `jenkins-cli`, `acctl`, `sacctmgr`.
pub(super) fn is_of_administration(program: &str) -> bool {
    [
        "ctl", "cli", "adm", "admin", "mgr", "control", "ctrl", "webhook", "mail",
    ]
    .iter()
    .any(|kind| program.len() > kind.len() && program.ends_with(kind))
}

/// Whether an option asks for secrets in the open.
pub(super) fn is_revealing(option: &str) -> bool {
    matches!(
        option,
        "show-secrets"
            | "show-secret"
            | "include-secrets"
            | "reveal"
            | "show-password"
            | "show-passwords"
            | "show-sensitive"
            | "unmask"
            | "export-secret-key"
            | "export-secret-keys"
            | "export-private-key"
            | "show-private-key"
            | "with-decryption"
            | "show-token"
    )
}

/// Whether an option switches off what protects the person who types it.
pub(super) fn is_unprotecting(option: &str) -> bool {
    option.starts_with("dangerously")
        || option.starts_with("dangerous")
        || option.starts_with("bypass")
        || option.starts_with("disable-sandbox")
        || option.starts_with("no-sandbox")
        || option.starts_with("skip-permission")
        || option.starts_with("skip-approval")
        || option.contains("-bypass-")
        || matches!(option, "yolo" | "yolo-mode" | "unsafe" | "allow-all-tools")
}

/// Whether an address lies on another machine, as far as its text tells.
pub(super) fn is_address(text: &str) -> bool {
    let host = text.split_once("://").map_or(text, |(_, rest)| rest);
    !["localhost", "127.0.0.1", "[::1]", "0.0.0.0"]
        .iter()
        .any(|here| host.starts_with(here))
}
