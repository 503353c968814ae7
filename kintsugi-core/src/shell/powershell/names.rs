//! Names of PowerShell: aliases, cmdlets in any case of letters, parameters cut short (`about_Aliases`, PowerShell 7.4).

use super::{Fault, UNREAD};

/// Aliases that PowerShell itself brings, in small letters, and parameters that are written in full.
const ALIASES: [(&str, &str); 75] = [
    ("rm", "Remove-Item"),
    ("ri", "Remove-Item"),
    ("del", "Remove-Item"),
    ("erase", "Remove-Item"),
    ("rd", "Remove-Item"),
    ("rmdir", "Remove-Item"),
    ("ls", "Get-ChildItem"),
    ("dir", "Get-ChildItem"),
    ("gci", "Get-ChildItem"),
    ("cat", "Get-Content"),
    ("gc", "Get-Content"),
    ("type", "Get-Content"),
    ("cp", "Copy-Item"),
    ("copy", "Copy-Item"),
    ("cpi", "Copy-Item"),
    ("mv", "Move-Item"),
    ("move", "Move-Item"),
    ("mi", "Move-Item"),
    ("ren", "Rename-Item"),
    ("rni", "Rename-Item"),
    ("ni", "New-Item"),
    ("md", "New-Item"),
    ("echo", "echo"),
    ("write", "echo"),
    ("ps", "Get-Process"),
    ("gps", "Get-Process"),
    ("gsv", "Get-Service"),
    ("kill", "Stop-Process"),
    ("spps", "Stop-Process"),
    ("spsv", "Stop-Service"),
    ("saps", "Start-Process"),
    ("start", "Start-Process"),
    ("iex", "Invoke-Expression"),
    ("iwr", "Invoke-WebRequest"),
    ("curl", "Invoke-WebRequest"),
    ("wget", "Invoke-WebRequest"),
    ("irm", "Invoke-RestMethod"),
    ("icm", "Invoke-Command"),
    ("sc", "Set-Content"),
    ("ac", "Add-Content"),
    ("clc", "Clear-Content"),
    ("cli", "Clear-Item"),
    ("select", "Select-Object"),
    ("where", "Where-Object"),
    ("?", "Where-Object"),
    ("foreach", "ForEach-Object"),
    ("%", "ForEach-Object"),
    ("sort", "Sort-Object"),
    ("measure", "Measure-Object"),
    ("group", "Group-Object"),
    ("ft", "Format-Table"),
    ("fl", "Format-List"),
    ("fw", "Format-Wide"),
    ("gm", "Get-Member"),
    ("sls", "Select-String"),
    ("gal", "Get-Alias"),
    ("gv", "Get-Variable"),
    ("gcm", "Get-Command"),
    ("gi", "Get-Item"),
    ("gp", "Get-ItemProperty"),
    ("sl", "cd"),
    ("chdir", "cd"),
    ("set-location", "cd"),
    ("pwd", "Get-Location"),
    ("write-output", "echo"),
    ("sal", "Set-Alias"),
    ("nal", "New-Alias"),
    ("help", "Get-Help"),
    ("man", "Get-Help"),
    ("gwmi", "Get-WmiObject"),
    ("rwmi", "Remove-WmiObject"),
    ("gcim", "Get-CimInstance"),
    ("rcim", "Remove-CimInstance"),
    ("set-alias", "Set-Alias"),
    ("new-alias", "New-Alias"),
];

/// Words of control flow.
const WORDS: [&str; 13] = [
    "if", "for", "while", "do", "switch", "function", "try", "trap", "param", "class", "using",
    "filter", "enum",
];

/// Cmdlets that only look, by their verb or name; what they are given is no program and no path that changes.
const LOOKING: [&str; 17] = [
    "Select-",
    "ForEach-Object",
    "Where-",
    "Sort-",
    "Format-Table",
    "Format-List",
    "Format-Wide",
    "Format-Custom",
    "Format-Hex",
    "Measure-",
    "Group-",
    "Compare-",
    "ConvertTo-",
    "ConvertFrom-Json",
    "Out-Null",
    "Out-String",
    "Out-Host",
];

/// Verbs of cmdlets, in small letters (`Get-Verb`).
const VERBS: &str = "add backup checkpoint clear close compare complete compress confirm connect convert convertfrom convertto copy \
    debug disable disconnect dismount edit enable enter exit expand export find format foreach get grant group hide import \
    initialize install invoke join limit lock measure merge mount move new open optimize out ping pop protect publish push read \
    receive redo register remove rename repair request reset resize resolve restart restore resume revoke save search select \
    send set show skip sort split start step stop submit suspend switch sync tee test trace unblock undo uninstall unlock \
    unprotect unpublish unregister update use wait watch where write";

/// Nouns as their cmdlets spell them.
const NOUNS: [&str; 34] = [
    "ADUser",
    "Alias",
    "AppxPackage",
    "CimInstance",
    "ChildItem",
    "Command",
    "Computer",
    "Content",
    "Disk",
    "EventLog",
    "ExecutionPolicy",
    "Expression",
    "Help",
    "Host",
    "Item",
    "ItemProperty",
    "LocalUser",
    "Location",
    "Member",
    "MpPreference",
    "Null",
    "Object",
    "Output",
    "Partition",
    "Process",
    "RecycleBin",
    "RestMethod",
    "ScheduledTask",
    "Service",
    "Type",
    "VM",
    "Volume",
    "WebRequest",
    "WmiObject",
];

/// Parameters that may be cut short.
const PARAMETERS: [&str; 12] = [
    "Recurse",
    "Force",
    "Path",
    "LiteralPath",
    "Confirm",
    "WhatIf",
    "Filter",
    "Include",
    "Exclude",
    "Name",
    "Value",
    "Id",
];

/// Whether a cmdlet only looks.
pub(super) fn only_looks(name: &str) -> bool {
    LOOKING.iter().any(|looking| name.starts_with(looking))
}

/// Whether a cmdlet tells of what its words name, and does nothing with it.
pub(super) fn is_named_only(name: &str) -> bool {
    matches!(
        name,
        "Get-Help" | "Get-Command" | "Get-Alias" | "Get-Member" | "Get-Verb" | "Get-Module"
    )
}

/// The full name of a cmdlet, its parts with capitals; a path or a program stays what it is.
pub(super) fn cmdlet(word: &str) -> Result<String, Fault> {
    let plain = word.trim_matches('\'');
    let lower = plain.to_ascii_lowercase();
    if WORDS.contains(&lower.as_str()) {
        return Err(UNREAD);
    }
    if let Some((_, full)) = ALIASES.iter().find(|(alias, _)| *alias == lower) {
        return Ok((*full).to_owned());
    }
    let parts: Vec<&str> = plain.split('-').collect();
    let is_cmdlet = parts.len() == 2
        && parts
            .iter()
            .all(|part| !part.is_empty() && part.bytes().all(|it| it.is_ascii_alphanumeric()));
    let [verb, noun] = parts.as_slice() else {
        return Ok(word.to_owned());
    };
    let verb = verb.to_ascii_lowercase();
    if !is_cmdlet || !VERBS.split(' ').any(|it| it == verb) {
        return Ok(word.to_owned());
    }
    let lower = noun.to_ascii_lowercase();
    let known = NOUNS.iter().find(|it| it.eq_ignore_ascii_case(noun));
    let noun = match known {
        Some(known) => (*known).to_owned(),
        None if lower == *noun => capital(noun),
        None => (*noun).to_owned(),
    };
    let verb = match verb.as_str() {
        "convertto" => "ConvertTo".to_owned(),
        "convertfrom" => "ConvertFrom".to_owned(),
        verb => capital(verb),
    };
    Ok([verb.as_str(), noun.as_str()].join("-"))
}

/// A parameter in full, where it may be cut short.
pub(super) fn parameter(text: &str) -> String {
    let Some(name) = text.strip_prefix('-').filter(|name| !name.is_empty()) else {
        return text.to_owned();
    };
    let (name, value) = name
        .split_once(':')
        .map_or((name, None), |(name, value)| (name, Some(value)));
    let full = PARAMETERS.iter().find(|full| {
        full.len() >= name.len()
            && full
                .get(..name.len())
                .is_some_and(|it| it.eq_ignore_ascii_case(name))
    });
    let name = full.map_or_else(|| name.to_owned(), |full| (*full).to_owned());
    match value {
        Some(value) if !value.is_empty() => format!("-{name}={value}"),
        Some(_) | None => format!("-{name}"),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|it| it.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
