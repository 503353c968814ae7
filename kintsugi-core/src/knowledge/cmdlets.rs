//! Cmdlets of PowerShell that no entry describes. Their names are made of a verb out of a list and a noun, so the verb says what
//! happens (Microsoft, "Approved Verbs for PowerShell Commands", 7.4), and the noun whether it is somebody's access.

use super::analyst::{Analyst, Call};
use super::lexicon::parts;
use crate::effect::{Action, Modifier, Modifiers, Role, Target};

/// Nouns of what lives and dies with the shell itself.
const OF_THE_SHELL: &[&str] = &[
    "variable",
    "module",
    "alias",
    "job",
    "event",
    "breakpoint",
    "session",
    "drive",
    "host",
    "history",
    "content",
    "property",
    "item",
    "type",
    "data",
    "function",
    "trace",
    "transcript",
    "stopwatch",
    "mock",
];

/// Nouns of who may do what, and of where mail goes.
const DECIDING: &[&str] = &[
    "permission",
    "permissions",
    "role",
    "rule",
    "forwarding",
    "transport",
    "federation",
    "policy",
    "admin",
    "member",
    "owner",
    "delegate",
    "delegation",
    "trust",
    "password",
    "consent",
    "grant",
    "mailbox",
    "account",
    "tenant",
    "access",
    "acl",
    "audit",
    "firewall",
    "connector",
    "domain",
];

impl Analyst<'_> {
    /// Adds what the name of an unknown cmdlet says: `Remove-VBRBackup`, `Add-MailboxPermission`.
    pub(super) fn assume_cmdlet(&mut self, call: &Call<'_>, name: &str) {
        let Some((verb, noun)) = split(name) else {
            return;
        };
        let nouns: Vec<String> = parts(noun).collect();
        let of = |list: &[&str]| nouns.iter().any(|part| list.contains(&part.as_str()));
        let (action, role) = match verb {
            "Remove" | "Clear" | "Uninstall" | "Unregister" | "Reset" | "Restore" | "Format"
                if !of(OF_THE_SHELL) =>
            {
                (Action::Delete, Role::Resource)
            }
            "Disable" | "Stop" | "Suspend" | "Dismount" | "Revoke" | "Block" | "Deny"
                if !of(OF_THE_SHELL) =>
            {
                (Action::StopService, Role::Resource)
            }
            "Add" | "Set" | "New" | "Grant" | "Enable" | "Update" if of(DECIDING) => {
                (Action::Grant, Role::Account)
            }
            _ => return,
        };
        let target = Target::named(noun);
        let with = Modifiers::NONE
            .with(Modifier::Assumed)
            .with(Modifier::Forced);
        self.push(call, action, role, target).with(with).by(name);
    }
}

/// The verb and the noun of a cmdlet; nothing of what is written otherwise.
fn split(name: &str) -> Option<(&str, &str)> {
    let (verb, noun) = name.split_once('-')?;
    let is_word = |text: &str| {
        text.starts_with(|first: char| first.is_ascii_uppercase())
            && text.bytes().all(|letter| letter.is_ascii_alphanumeric())
    };
    let is_verb = is_word(verb) && verb.bytes().skip(1).all(|it| it.is_ascii_lowercase());
    (is_verb && is_word(noun)).then_some((verb, noun))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_cmdlets_are_told_from_others() {
        assert_eq!(split("Remove-VBRBackup"), Some(("Remove", "VBRBackup")));
        for other in ["remove-it", "x-Y", "Remove", "Remove-it", "RE-Move"] {
            assert_eq!(split(other), None, "{other}");
        }
    }
}
