//! What program text brings in that reaches beyond this machine: libraries of services, libraries that send requests, keys out of the
//! environment. A text that names this machine brings none.

use super::lex::{Part, Token};
use super::mocked::Mocked;
use super::service_names::{LIBRARIES, MACHINES, MODULES, REQUESTERS};
use super::stand_ins::{all_here, is_here};
use crate::knowledge::lexicon::parts;

/// Longest name of a library that is looked at, in bytes.
const NAME_MAX: usize = 40;

/// Most libraries that are told apart.
const LIBRARIES_MAX: usize = 4;

/// What the code brings in that reaches beyond this machine.
#[expect(
    clippy::struct_excessive_bools,
    reason = "four kinds of library, of which a text may bring in any"
)]
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Brings {
    /// A library that speaks to a service.
    pub(super) clients: bool,
    /// A key or password, out of the environment.
    pub(super) credentials: bool,
    /// A library that sends requests.
    pub(super) requests: bool,
    /// How many libraries that speak to a service.
    pub(super) libraries: usize,
    /// A library that speaks to machines.
    pub(super) machines: bool,
}

impl Brings {
    /// Looks through the tokens of a text.
    pub(super) fn of(tokens: &[Token], mocked: Mocked) -> Self {
        let is_cloud = |name: &str| {
            mocked == Mocked::Cloud && matches!(name, "boto" | "boto3" | "botocore" | "aiobotocore")
        };
        let mut libraries: Vec<&str> = Vec::new();
        let mut found = Self::default();
        for text in tokens.iter().filter_map(said) {
            if libraries.len() < LIBRARIES_MAX
                && let Some(library) = library_of(text)
                && !is_cloud(library)
                && !libraries.contains(&library)
            {
                libraries.push(library);
            }
            found.credentials = found.credentials || is_credential(text);
            found.requests = found.requests || mocked != Mocked::Requests && is_requester(text);
            found.machines = found.machines || is_machine(text);
        }
        found.libraries = libraries.len();
        found.clients = !libraries.is_empty() || imports_client(tokens) && !has_stand_ins(tokens);
        let is_told_here = tokens.iter().any(|token| {
            matches!(token, Token::Text(parts) if parts.iter().any(|part| matches!(part, Part::Text(text) if is_here(text))))
        });
        // Whoever only sends requests says to whom in an address, and all of these are here.
        let is_here = is_told_here && all_here(tokens);
        if is_here && !found.clients {
            found.requests &= asks_environment(tokens);
            found.credentials = false;
        }
        found
    }
}

/// Words of names by which libraries say that they speak to a service: `opsgenie_sdk`, `ldclient_api`, `ArangoClient`.
const OF_CLIENTS: &[&str] = &["sdk", "api", "client", "admin", "cloud"];

/// Words of such names that speak to whatever they are given, that serve, or that are for tests.
const OF_NO_SERVICE: &[&str] = &[
    "test", "tests", "mock", "fake", "http", "https", "async", "web", "rest", "graphql", "socket",
    "ws", "rpc", "grpc", "base", "flask", "django", "word", "fast", "my", "our", "app", "local",
    "internal", "model", "user", "point",
];

/// Whether a text imports what is by its name the client of a service.
fn imports_client(tokens: &[Token]) -> bool {
    let imports = |token: &Token| matches!(token, Token::Name(name) if matches!(name.as_str(), "import" | "from" | "require" | "library"));
    let is_open = |token: &Token| matches!(token, Token::Mark("(" | "{"));
    tokens.iter().enumerate().any(|(at, token)| {
        let behind = tokens.get(at + 1..).unwrap_or_default();
        imports(token)
            && behind
                .iter()
                .find(|token| !is_open(token))
                .and_then(said)
                .is_some_and(is_client)
    })
}

/// Whether a text is a test that puts something else in the place of what it calls.
fn has_stand_ins(tokens: &[Token]) -> bool {
    tokens.iter().any(|token| {
        matches!(token, Token::Name(name) if matches!(
            name.as_str(),
            "mock" | "Mock" | "MagicMock" | "monkeypatch" | "respx" | "responses" | "jest" | "vi" | "sinon" | "nock"
        ))
    })
}

fn is_client(name: &str) -> bool {
    let first = name.split(['/', '.']).next().unwrap_or_default();
    if first.len() > NAME_MAX {
        return false;
    }
    let words: Vec<String> = parts(first).take(6).collect();
    let is_of = |all: &[&str], word: &String| all.contains(&word.as_str());
    let ends = |word: &String| is_of(OF_CLIENTS, word) || word.len() > 4 && word.ends_with("sdk");
    let own = |word: &&String| !is_of(OF_CLIENTS, word) && word.len() > 1;
    words.iter().any(ends)
        && words.iter().any(|word| own(&word))
        && !words.iter().any(|word| is_of(OF_NO_SERVICE, word))
}

/// Whether a text takes an address from outside, perhaps.
fn asks_environment(tokens: &[Token]) -> bool {
    tokens.iter().any(|token| {
        matches!(token, Token::Name(name) if matches!(name.as_str(), "environ" | "getenv" | "env" | "ENV" | "argv" | "input" | "stdin" | "open"))
    })
}

/// A name, or what the first plain part of a text says.
fn said(token: &Token) -> Option<&str> {
    match token {
        Token::Name(name) => Some(name),
        Token::Text(parts) => parts.iter().find_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            Part::Code(_) | Part::Aside(_) => None,
        }),
        Token::Shell(_)
        | Token::Words(_)
        | Token::Pattern(_)
        | Token::Change(_)
        | Token::Unclear
        | Token::Number(_)
        | Token::Mark(_)
        | Token::Line => None,
    }
}

/// The library that is meant, when the name is that of one or of a part of one.
fn library_of(name: &str) -> Option<&str> {
    // Most names of a text are of none, and this looks at each.
    if !name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '@') {
        return None;
    }
    let has_path = name.contains(['/', '_']);
    let first = name.split(['/', ':', '\\']).next().unwrap_or(name);
    let module = name.split_once('.').map(|(module, _)| module);
    [Some(first), module]
        .into_iter()
        .flatten()
        .find(|name| LIBRARIES.binary_search(name).is_ok())
        .or_else(|| {
            let mut modules = MODULES.iter().filter(|_| has_path);
            modules.find(|module| name.starts_with(**module)).copied()
        })
}

/// Whether a name is that of a library which speaks to a service.
pub(super) fn is_library(name: &str) -> bool {
    library_of(name).is_some()
}

/// Whether a name is that of a library which speaks to machines.
fn is_machine(name: &str) -> bool {
    let first = name.split(['.', '/']).next().unwrap_or(name);
    MACHINES.contains(&first) || name.starts_with("net/ssh") || name.starts_with("net/sftp")
}

fn is_requester(name: &str) -> bool {
    let is_listed = |name: &str| REQUESTERS.contains(&name);
    is_listed(name)
        || name
            .split_once(['.', ':', '\\'])
            .is_some_and(|(module, _)| is_listed(module))
}

/// The name of a variable with a key or password: who takes one out of the environment speaks to a service.
fn is_credential(name: &str) -> bool {
    let is_constant = name
        .bytes()
        .all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == b'_');
    is_constant
        && name.contains('_')
        && ["TOKEN", "SECRET", "_KEY", "PASSWORD", "_PAT"]
            .iter()
            .any(|kind| name.contains(kind))
}

#[cfg(test)]
mod tests {
    use super::super::lex;
    use super::super::mocked::Mocked;
    use super::Brings;
    use crate::knowledge::schema::Language;
    use crate::shell::Budget;

    fn brings(text: &str) -> (bool, bool, bool) {
        let tokens = lex::tokens(text, Language::Python, &mut Budget::new(1_000));
        let found = Brings::of(&tokens, Mocked::Nothing);
        (found.clients, found.credentials, found.requests)
    }

    #[test]
    fn libraries_are_in_the_order_in_which_they_are_searched() {
        assert!(super::LIBRARIES.is_sorted());
        assert!(super::LIBRARIES.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn what_reaches_beyond_this_machine_is_told_from_what_does_not() {
        assert_eq!(brings("import datadog"), (true, false, false));
        assert_eq!(brings("import requests"), (false, false, true));
        assert_eq!(
            brings("import os; os.environ['API_TOKEN']"),
            (false, true, false)
        );
        for text in [
            "import json",
            "import requests; requests.get('http://localhost:8000/x')",
            "x = MAX_LENGTH",
        ] {
            assert_eq!(brings(text), (false, false, false), "{text}");
        }
    }
}
