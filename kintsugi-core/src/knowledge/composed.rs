//! A file of services that the line writes and starts: each of them is what `docker run` would start with its directories.
//!
//! Read line by line, as far as volumes, entry points and commands are written out (Compose specification, 2024; `docker compose` 2.37).

use super::analyst::Analyst;
use super::program::Task;
use crate::shell::Word;

/// Most services of one line that are looked at.
const SERVICES_MAX: usize = 16;

/// One service.
#[derive(Debug, Default, PartialEq, Eq)]
struct Service {
    /// What of this machine it is given, as behind `-v`.
    volumes: Vec<String>,
    privileged: bool,
    /// What it starts: the entry point and what it is given.
    entry: Vec<String>,
    command: Vec<String>,
}

impl Analyst<'_> {
    /// What the services do that a command starts.
    pub(super) fn composed(&mut self, task: &Task<'_, '_>) {
        let mut path = task.parsed.path.split(' ');
        let is_compose = matches!(path.next(), Some("docker" | "podman" | "nerdctl"))
            && path.next() == Some("compose")
            && matches!(
                path.next(),
                Some("up" | "run" | "create" | "start" | "watch")
            );
        if !is_compose || self.files.is_empty() {
            return;
        }
        let is_meant = |path: &str| {
            let ending = path.rsplit_once('.').map(|(_, ending)| ending);
            matches!(ending, Some("yml" | "yaml"))
        };
        let files = self.files.iter();
        let texts = files.filter(|(path, written)| !written.before && is_meant(path));
        let texts = texts.filter_map(|(_, written)| written.text.as_deref());
        let services: Vec<Service> = texts.flat_map(services).take(SERVICES_MAX).collect();
        for service in services {
            let mut words = vec!["docker".to_owned(), "run".to_owned(), "--rm".to_owned()];
            if service.privileged {
                words.push("--privileged".to_owned());
            }
            for volume in service.volumes {
                words.extend(["-v".to_owned(), volume]);
            }
            words.push("image".to_owned());
            words.extend(service.entry);
            words.extend(service.command);
            let span = task.call.span;
            let words: Vec<Word> = words.into_iter().map(|it| Word::text(it, span)).collect();
            self.inside(&task.call, &words);
        }
    }
}

/// The services of a text that has any of this machine in it.
fn services(text: &str) -> Vec<Service> {
    let mut found: Vec<Service> = Vec::new();
    let mut depth = None;
    let mut key = String::new();
    let mut is_inside = false;
    for line in text.lines() {
        let plain = line.trim();
        let indent = line.len() - line.trim_start().len();
        if plain.is_empty() || plain.starts_with('#') {
            continue;
        }
        if indent == 0 {
            is_inside = plain == "services:";
            depth = None;
            continue;
        }
        if !is_inside {
            continue;
        }
        if indent <= *depth.get_or_insert(indent) {
            found.push(Service::default());
            key.clear();
            continue;
        }
        let Some(service) = found.last_mut() else {
            continue;
        };
        let (name, value) = if let Some(item) = plain.strip_prefix("- ") {
            (key.as_str(), item)
        } else {
            let (name, value) = plain.split_once(':').unwrap_or((plain, ""));
            // `source: /` of the long form of a volume.
            if !matches!(name, "source" | "target" | "type") {
                name.clone_into(&mut key);
            }
            let name = if name == "source" { "volumes" } else { name };
            (name, value.trim())
        };
        match name {
            "volumes" => {
                let sources = elements(value);
                let sources = sources.iter().map(|it| it.trim_start_matches("source: "));
                let of_machine = sources.filter(|it| it.starts_with(['/', '~', '$', '.']));
                service.volumes.extend(of_machine.map(|it| {
                    if it.contains(':') && !it.ends_with(':') {
                        it.to_owned()
                    } else {
                        format!("{it}:/mnt")
                    }
                }));
            }
            "privileged" => service.privileged |= value == "true",
            "entrypoint" => service.entry.extend(started(value, plain)),
            "command" => service.command.extend(started(value, plain)),
            _ => {}
        }
    }
    found.retain(|service| service.privileged || !service.volumes.is_empty());
    found
}

/// The elements of `["a", "b"]`, or the one that is there.
fn elements(value: &str) -> Vec<String> {
    let inner = value.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    let is_quote = |letter: char| letter == '"' || letter == '\'';
    match inner {
        Some(inner) => serde_json::from_str(value).unwrap_or_else(|_| {
            let parts = inner.split(',');
            parts
                .map(|it| it.trim().trim_matches(is_quote).to_owned())
                .collect()
        }),
        None if value.is_empty() => Vec::new(),
        None => vec![value.trim_matches(is_quote).to_owned()],
    }
}

/// The words of what is started: a list, an element of one, or a text that is taken apart as a shell would.
fn started(value: &str, line: &str) -> Vec<String> {
    if value.starts_with('[') || line.starts_with("- ") {
        return elements(value);
    }
    shlex::split(value).unwrap_or_else(|| vec![value.to_owned()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_read_with_what_it_is_given_and_what_it_starts() {
        let text = "services:\n  a:\n    image: x\n    entrypoint: [\"sh\", \"-c\", \"rm -rf /h/x\"]\n    volumes: [\"/:/h\"]\n  b:\n    \
            command: ls -l\n    volumes:\n      - data:/data\n      - type: bind\n        source: /etc\nvolumes:\n  data:\n";
        let found = services(text);
        let expected = [
            Service {
                volumes: vec!["/:/h".to_owned()],
                entry: vec!["sh".to_owned(), "-c".to_owned(), "rm -rf /h/x".to_owned()],
                ..Service::default()
            },
            Service {
                volumes: vec!["/etc:/mnt".to_owned()],
                command: vec!["ls".to_owned(), "-l".to_owned()],
                ..Service::default()
            },
        ];
        assert_eq!(found, expected);
        assert!(
            services("services:\n  db:\n    image: x\n    volumes:\n      - d:/d\n").is_empty()
        );
    }
}
