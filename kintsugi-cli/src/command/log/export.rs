//! `kintsugi log export`: the log for other programs.
//!
//! `jsonl` is the log itself, line by line as it is stored. `csv` (RFC 4180) and `ocsf` (Open Cybersecurity Schema
//! Framework 1.3.0, Process Activity with the profile Security Control) have what was proposed, decided and run.

use std::io::Write;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use kintsugi_core::audit::record::Peer;
use kintsugi_core::classify::Class;
use kintsugi_core::display::escape;
use serde_json::{Value, json};

use super::entry::{Entries, Entry};
use super::{moment, stamp};
use crate::card::class_word;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::progress::Progress;
use crate::records::{Directory, Records, Wanted};

/// The columns of the CSV.
const COLUMNS: [&str; 13] = [
    "seq", "ts", "kind", "id", "decision", "class", "risk", "rule", "agent", "session", "cwd",
    "command", "reason",
];

/// The version of the schema that events are made for. In 1.2.0 an actor got the name of a program, `app_name`.
const OCSF_VERSION: &str = "1.3.0";

/// A form in which the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The records as they are stored, seals and all
    Jsonl,
    /// A table with a line of titles
    Csv,
    /// Events of the Open Cybersecurity Schema Framework, one a line
    Ocsf,
}

/// Arguments of `kintsugi log export`.
#[derive(Debug, Args)]
pub(super) struct Export {
    /// The form
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Format,
    /// Not before this: 2026-01-31, an RFC 3339 time, or a time ago such as 2h or 3d
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<Timestamp>,
    /// Not after this
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<Timestamp>,
}

impl Export {
    pub(super) fn run(&self, directory: Directory, console: &mut Console) -> Result<Exit, Failure> {
        let mut progress = Progress::new("exporting", directory.bytes());
        let wanted = Wanted {
            since: self.since.as_ref().map(stamp),
            until: self.until.as_ref().map(stamp),
            ..Wanted::default()
        };
        let records = Records::wanted(directory, wanted);
        match self.format {
            Format::Jsonl => self.lines(records, &mut progress, console)?,
            Format::Csv => {
                writeln!(console.out, "{}\r", COLUMNS.join(","))?;
                self.entries(records, &mut progress, |entry| {
                    let fields: Vec<String> =
                        fields(entry).iter().map(|text| quoted(text)).collect();
                    Ok(write!(console.out, "{}\r\n", fields.join(","))?)
                })?;
            }
            Format::Ocsf => {
                let host = host();
                self.entries(records, &mut progress, |entry| match event(entry, &host) {
                    Some(event) => Ok(writeln!(console.out, "{event}")?),
                    None => Ok(()),
                })?;
            }
        }
        console.out.flush()?;
        Ok(Exit::Allowed)
    }

    fn wants(&self, ts: &str) -> bool {
        let at = ts.parse::<Timestamp>().ok();
        let since = self
            .since
            .is_none_or(|since| at.is_some_and(|at| at >= since));
        since
            && self
                .until
                .is_none_or(|until| at.is_some_and(|at| at <= until))
    }

    fn lines(
        &self,
        mut records: Records,
        progress: &mut Progress,
        console: &mut Console,
    ) -> Result<(), Failure> {
        while let Some(stored) = records.next_record()? {
            if self.wants(&stored.record.ts) {
                console.out.write_all(&stored.line)?;
                writeln!(console.out)?;
            }
            progress.tell(records.bytes());
        }
        Ok(())
    }

    fn entries(
        &self,
        records: Records,
        progress: &mut Progress,
        mut show: impl FnMut(&Entry) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut entries = Entries::new(records);
        while let Some(entry) = entries.next_entry()? {
            if self.wants(&entry.ts) {
                show(&entry)?;
            }
            progress.tell(entries.bytes());
        }
        Ok(())
    }
}

/// Returns the fields of an entry in the order of [`COLUMNS`].
fn fields(entry: &Entry) -> [String; 13] {
    let text = |text: &Option<String>| escape(text.as_deref().unwrap_or_default());
    [
        entry.seq.to_string(),
        entry.ts.clone(),
        entry.kind.to_owned(),
        entry.id.map_or(String::new(), |id| id.to_string()),
        entry.decision.unwrap_or_default().to_owned(),
        entry.class.map_or("", class_word).to_owned(),
        entry.risk.map_or(String::new(), |risk| risk.to_string()),
        text(&entry.rule),
        text(&entry.agent),
        text(&entry.session),
        text(&entry.cwd),
        text(&entry.command),
        text(&entry.reason),
    ]
}

/// What a spreadsheet takes for the beginning of a formula, as wide as in East Asian text, too.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// Quotes a field (RFC 4180). One that a spreadsheet would take for a formula begins with an apostrophe.
fn quoted(field: &str) -> String {
    let guard = if field.trim_start().starts_with(FORMULA) {
        "'"
    } else {
        ""
    };
    if guard.is_empty() && !field.contains([',', '"', '\r', '\n']) {
        return field.to_owned();
    }
    format!("\"{guard}{}\"", field.replace('"', "\"\""))
}

/// Returns an entry as an event; nothing for one that is about no command.
fn event(entry: &Entry, host: &str) -> Option<Value> {
    let command = entry.command.as_deref()?;
    let time = entry.ts.parse::<Timestamp>().ok()?.as_millisecond();
    let (severity, severity_name) = match entry.class {
        None | Some(Class::Safe) => (1, "Informational"),
        Some(Class::Ambiguous) => (3, "Medium"),
        Some(Class::Catastrophic) => (5, "Critical"),
    };
    // `recorded` ran without being asked about; it is no decision, but it was not stopped.
    let (action, disposition, word) = match entry.decision {
        None | Some("allow" | "approved") => (1, 1, "Allowed"),
        Some("deny" | "denied" | "expired") => (2, 2, "Blocked"),
        // It must not run as long as it waits. The profile has no word for that.
        Some(_) => (2, 99, "Held"),
    };
    let mut event = json!({
        "category_uid": 1,
        "category_name": "System Activity",
        "class_uid": 1007,
        "class_name": "Process Activity",
        "activity_id": 1,
        "activity_name": "Launch",
        "type_uid": 100_701,
        "type_name": "Process Activity: Launch",
        "time": time,
        "severity_id": severity,
        "severity": severity_name,
        "action_id": action,
        "action": if action == 1 { "Allowed" } else { "Denied" },
        "disposition_id": disposition,
        "disposition": word,
        "message": entry.reason,
        "metadata": {
            "version": OCSF_VERSION,
            "profiles": ["security_control"],
            "product": {
                "name": "Kintsugi",
                "vendor_name": "Kintsugi",
                "version": env!("CARGO_PKG_VERSION"),
            },
            "uid": entry.seq.to_string(),
            "correlation_uid": entry.id,
        },
        "actor": {
            "app_name": entry.agent,
            "session": entry.session.as_ref().map(|session| json!({ "uid": session })),
            "user": entry.peer.as_ref().map(|peer| json!({ "uid": peer.uid.to_string() })),
            "process": entry.peer.as_ref().map(asking),
        },
        "device": { "type_id": 0, "hostname": host },
        // It has no number yet: the proposal names it, before it runs and after.
        "process": { "cmd_line": command, "uid": entry.id },
        "unmapped": {
            "kind": entry.kind,
            "cwd": entry.cwd,
            "class": entry.class.map(class_word),
            "rule": entry.rule,
            "risk": entry.risk,
            "effects": entry.effects,
        },
    });
    leave_out_nulls(&mut event);
    Some(event)
}

/// Returns the process that asked.
fn asking(peer: &Peer) -> Value {
    let file = peer.process.exe.as_deref().map(|exe| {
        let name = exe.rsplit('/').next().unwrap_or(exe);
        json!({ "name": name, "path": exe, "type_id": 1 })
    });
    json!({ "pid": peer.process.pid, "file": file })
}

/// Takes away members without a value: the schema has none.
fn leave_out_nulls(value: &mut Value) {
    if let Value::Object(members) = value {
        members.retain(|_, member| !member.is_null());
        members.values_mut().for_each(leave_out_nulls);
    }
}

/// Returns the name of this machine (`proc_sys_kernel(5)`).
fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match name.trim() {
        "" => "unknown".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the schema requires of the objects of an event: the class `process_activity` with the profile
    /// `security_control` of OCSF 1.3.0, from `events/system/process_activity.json`, `events/system/system.json`,
    /// `events/base_event.json`, `profiles/security_control.json` and `objects/*.json` of github.com/ocsf/ocsf-schema.
    /// `tests/check_ocsf.py` asks the whole schema.
    const REQUIRED: &[(&str, &[&str])] = &[
        (
            "",
            &[
                "action_id",
                "activity_id",
                "actor",
                "category_uid",
                "class_uid",
                "device",
                "metadata",
                "process",
                "severity_id",
                "time",
                "type_uid",
            ],
        ),
        ("/metadata", &["product", "version"]),
        ("/metadata/product", &["vendor_name"]),
        ("/device", &["type_id"]),
        ("/actor/process/file", &["name", "type_id"]),
    ];

    /// Of which members the schema requires one, from the `constraints` of the same files.
    const ONE_OF: &[(&str, &[&str])] = &[
        (
            "/actor",
            &["process", "user", "session", "app_name", "app_uid"],
        ),
        ("/process", &["pid", "uid"]),
        ("/actor/process", &["pid", "uid"]),
        ("/device", &["ip", "uid", "name", "hostname"]),
        ("/metadata/product", &["name", "uid"]),
    ];

    fn entry(decision: Option<&'static str>) -> Entry {
        let peer = json!({ "uid": 1000, "gid": 1000, "pid": 7, "exe": "/usr/bin/node" });
        Entry {
            id: Some(uuid::Uuid::nil()),
            peer: serde_json::from_value(peer).unwrap(),
            seq: 7,
            ts: "2026-01-02T03:04:05.678901Z".into(),
            kind: "verdict",
            decision,
            class: Some(Class::Catastrophic),
            agent: Some("codex".into()),
            command: Some("echo \"a, b\"\n=1".into()),
            reason: Some("=danger".into()),
            ..Entry::default()
        }
    }

    #[test]
    fn a_field_is_one_field_whatever_is_in_it() {
        let fields: Vec<_> = fields(&entry(Some("hold")))
            .map(|text| quoted(&text))
            .into();
        assert_eq!(fields.len(), COLUMNS.len());
        assert_eq!(fields[11], "\"echo \"\"a, b\"\"\\n=1\"");
        assert_eq!(fields[12], "\"'=danger\"");
        assert_eq!(fields[5], "catastrophic");
        for formula in ["=1+1", "@SUM(1)", " -1", "\u{ff1d}cmd|' /C calc'!A0"] {
            assert_eq!(quoted(formula), format!("\"'{formula}\""));
        }
        assert_eq!(quoted("a=b"), "a=b");
    }

    #[test]
    fn an_event_has_what_its_class_requires() {
        for (decision, action, disposition) in [
            (Some("allow"), 1, 1),
            (Some("deny"), 2, 2),
            (Some("hold"), 2, 99),
            (None, 1, 1),
        ] {
            let event = event(&entry(decision), "host").unwrap();
            assert_eq!(event["action_id"], action, "{decision:?}");
            assert_eq!(event["disposition_id"], disposition, "{decision:?}");
            assert_eq!(event["time"], 1_767_323_045_678_i64);
            assert_eq!(event["type_uid"], 100_701);
            assert_eq!(event["severity_id"], 5);
            for (object, required) in REQUIRED {
                let object = event.pointer(object).unwrap();
                for member in *required {
                    assert!(!object[member].is_null(), "{member}");
                }
            }
            for (object, one_of) in ONE_OF {
                let object = event.pointer(object).unwrap();
                assert!(one_of.iter().any(|member| !object[member].is_null()));
            }
            assert_eq!(event["process"]["cmd_line"], "echo \"a, b\"\n=1");
        }
        assert!(event(&Entry::default(), "host").is_none());
    }
}
