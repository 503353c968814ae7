//! Requests to services elsewhere: what their address and body ask for, what secrets they carry, and whether they change
//! something there in somebody's name.
//!
//! A service answers whoever shows a key, and does what it is told. So a request that sends something, is signed, and goes to a
//! host that others can reach is taken for a change, unless its address says that it only asks: `/search`, `/v1/embeddings`.

use super::analyst::{Analyst, Call};
use super::feeds::is_secret_variable;
use super::lexicon::{Sense, is_address, making_sense, word_sense};
use super::program::Task;
use super::sentences::{address_sense, sentence_sense};
use crate::effect::{Action, Feed, Modifier, Modifiers, Role, Target};
use crate::shell::{Hole, Word};

/// Parts of a header, parameter or option by which a request says in whose name it is made, in small letters.
const SIGNS: [&str; 14] = [
    "authorization",
    "api-key",
    "api_key",
    "apikey",
    "-token",
    "access_token",
    "auth-key",
    "secret-key",
    "api-secret",
    "bearer ",
    "cookie:",
    "signature:",
    "x-auth",
    "--netrc",
];

/// Last parts of addresses that only ask, whatever is sent to them, beside what [`word_sense`] takes for looking.
const QUESTIONS: [&str; 30] = [
    "completions",
    "embeddings",
    "responses",
    "moderations",
    "rerank",
    "generate",
    "predict",
    "infer",
    "invocations",
    "classify",
    "translate",
    "analyze",
    "analyse",
    "tokenize",
    "token",
    "login",
    "signin",
    "session",
    "oauth",
    "authorize",
    "introspect",
    "render",
    "convert",
    "estimate",
    "calculate",
    "format",
    "compare",
    "batch_get",
    "transcriptions",
    "markdown",
];

/// Longest word of a command in which signs of a request are looked for, in bytes.
const WORD_BYTES_MAX: usize = 4096;

/// Whether an address is one of a search engine at which a text only asks (Elasticsearch 8.17, `OpenSearch` 2.18).
fn asks_search(address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let last = path.trim_end_matches('/').rsplit('/').next();
    matches!(
        last,
        Some(
            "_search"
                | "_msearch"
                | "_count"
                | "_mget"
                | "_analyze"
                | "_explain"
                | "_validate"
                | "_field_caps"
                | "_termvectors"
        )
    )
}

impl Analyst<'_> {
    /// A request that changes something, by the words of its address and of what it sends.
    pub(super) fn assume_request(&mut self, task: &Task<'_, '_>, before: usize) {
        let effects = self.analysis.effects.get(before..).unwrap_or_default();
        let mut said = Vec::new();
        let sent = || {
            effects
                .iter()
                .filter(|effect| effect.action == Action::Send && effect.role == Role::Remote)
        };
        // The server, and what is called there: `grpcurl localhost:50051 shop.Orders/Delete`.
        let server = sent().next().filter(|_| task.parsed.path == "grpcurl");
        if server.is_some_and(|server| !is_address(&server.target.text)) {
            return;
        }
        for effect in sent() {
            let mut found = address_sense(&effect.target.text);
            if found == Sense::Nothing
                && !asks_search(&effect.target.text)
                && is_address(&effect.target.text)
            {
                let texts = task.call.words.iter().map(Word::display);
                let mut senses = texts
                    .filter(|text| text.contains(['{', '<', ' ']))
                    .map(|text| sentence_sense(&text));
                found = senses
                    .find(|it| *it == Sense::Destroys || *it == Sense::Deletes)
                    .unwrap_or(Sense::Nothing);
            }
            said.push((found, effect.target.text.clone()));
        }
        for (found, address) in said {
            let (action, role) = match found {
                Sense::Destroys | Sense::Deletes => (Action::Delete, Role::Remote),
                Sense::Stops => (Action::StopService, Role::Remote),
                Sense::Grants => (Action::Grant, Role::Remote),
                Sense::Pays => (Action::Spend, Role::Remote),
                Sense::Looks
                | Sense::Publishes
                | Sense::Sends
                | Sense::Flashes
                | Sense::Makes
                | Sense::Reveals
                | Sense::Leaks
                | Sense::Secret
                | Sense::Nothing => continue,
            };
            let target = Target::named(address);
            self.push(&task.call, action, role, target)
                .with(Modifiers::NONE.with(Modifier::Assumed))
                .by(&task.parsed.path);
        }
    }

    /// A secret of a variable that a request carries as what it says, not as what it shows at the door:
    /// `curl -d "$API_TOKEN"`, but not `-H "Authorization: Bearer $API_TOKEN"` or `-d "client_secret=$SECRET"`.
    pub(super) fn carried_secrets(&mut self, task: &Task<'_, '_>, before: usize) {
        if !matches!(task.parsed.path.as_str(), "curl" | "wget" | "http" | "xh") {
            return;
        }
        let is_data = |word: &Word| {
            let text = word.display();
            matches!(text.as_str(), "-d" | "-F" | "--json")
                || text.starts_with("--data")
                || text.starts_with("--post-data")
                || text.starts_with("--form")
                || text.ends_with('d') && text.starts_with("-s")
        };
        let carried = task.call.words.windows(2).any(|pair| match pair {
            [option, value] if is_data(option) => {
                let mut holes = value.holes();
                let text = value.display().to_ascii_lowercase();
                let signs_in = [
                    "client_secret",
                    "password",
                    "grant_type",
                    "refresh",
                    "assertion",
                    "api_key",
                ];
                let is_secret = |hole: &Hole| match hole {
                    Hole::Variable(name) => is_secret_variable(name),
                    Hole::Output { first, end } => {
                        let printed = task.call.scope.flow(*first, *end);
                        printed.feeds.contains(Feed::Secret)
                    }
                    Hole::Process { .. } | Hole::Other(_) => false,
                };
                holes.any(is_secret)
                    && !signs_in.iter().any(|sign| {
                        text.contains(&format!("{sign}=")) || text.contains(&format!("{sign}\""))
                    })
            }
            _ => false,
        });
        if !carried {
            return;
        }
        for effect in self.analysis.effects.iter_mut().skip(before) {
            if effect.action == Action::Send && is_address(&effect.target.text) {
                effect.feed = Feed::Secret;
            }
        }
    }

    /// A signed request that sends something to a service elsewhere: `curl -X PATCH -H "Authorization: …" https://…`.
    pub(super) fn signed_requests(&mut self, task: &Task<'_, '_>, before: usize) {
        if !is_client(&task.parsed.path) {
            return;
        }
        let effects = self.analysis.effects.get(before..).unwrap_or_default();
        let mut sent = effects
            .iter()
            .filter(|effect| effect.action == Action::Send && effect.role == Role::Remote)
            .map(|effect| effect.target.text.clone());
        let Some(address) = sent.find(|address| is_elsewhere(address)) else {
            return;
        };
        if !changes(&task.call, &address) {
            return;
        }
        let target = Target::named(address);
        self.push(&task.call, Action::Write, Role::Remote, target)
            .with(Modifiers::NONE.with(Modifier::Assumed))
            .by(&task.parsed.path);
    }
}

/// Whether a program makes requests as it is told (curl(1), wget(1), `HTTPie` 3, xh 0.22).
fn is_client(path: &str) -> bool {
    matches!(
        path,
        "curl" | "wget" | "http" | "https" | "xh" | "xhs" | "curlie" | "wget2" | "aria2c"
    )
}

/// Whether a request that sends something changes what is there: it is signed, speaks to a hook, or is a mutation.
fn changes(call: &Call<'_>, address: &str) -> bool {
    let texts: Vec<String> = call
        .words
        .iter()
        .map(Word::display)
        .filter(|text| text.len() <= WORD_BYTES_MAX)
        .map(|text| text.to_ascii_lowercase())
        .collect();
    let has = |part: &str| texts.iter().any(|text| text.contains(part));
    let lower = address.to_ascii_lowercase();
    if lower.contains("graphql") || has("{\"query\"") {
        return has("mutation");
    }
    if lower.contains("hook") {
        return true;
    }
    let signs_in = texts.iter().any(|text| {
        matches!(
            text.as_str(),
            "-u" | "--user"
                | "-n"
                | "-a"
                | "--auth"
                | "--oauth2-bearer"
                | "-b"
                | "--cookie"
                | "--cert"
                | "-e"
        )
    });
    let holds_secret = call
        .words
        .iter()
        .flat_map(Word::holes)
        .any(|hole| matches!(hole, Hole::Variable(name) if is_secret_variable(name)));
    let is_signed = signs_in || holds_secret || SIGNS.iter().any(|sign| has(sign));
    (is_signed || says(&lower)) && !only_asks(&lower)
}

/// Whether the path of an address ends in a word for saying something to somebody: `/sms`, `/v1/messages`, `/send`.
fn says(address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let mut parts = path.trim_end_matches('/').rsplit('/');
    let last = parts.next().unwrap_or_default();
    // `/post` names the method, as on hosts that answer with what they are sent.
    last != "post" && (word_sense(last) == Sense::Sends || making_sense(last) == Sense::Sends)
}

/// Whether the path of an address ends in a word for asking.
fn only_asks(address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let path = path.split_once("://").map_or(path, |(_, rest)| rest);
    let Some((host, path)) = path.split_once('/') else {
        return false;
    };
    let last = path.trim_end_matches('/').rsplit('/').next();
    let last = last.unwrap_or_default().trim_start_matches('_');
    let last = last.rsplit_once(':').map_or(last, |(_, verb)| verb);
    QUESTIONS.contains(&last)
        || word_sense(last) == Sense::Looks
        || last.starts_with("generatecontent")
        || last == "messages" && host.contains("anthropic")
}

/// Whether an address lies on a host that others share, as far as its text tells: not on this machine, not in a private network,
/// not a name without a dot, which is a service beside this one.
pub(super) fn is_elsewhere(address: &str) -> bool {
    if !is_address(address) {
        return false;
    }
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let host = rest.split(['/', '?', ':']).next().unwrap_or_default();
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    if host.contains('$') {
        return true;
    }
    let is_private = host.starts_with("10.")
        || host.starts_with("192.168.")
        || host.starts_with("172.1")
        || host.starts_with("172.2")
        || host.starts_with("172.3")
        || host.starts_with("169.254.");
    let is_near = [".local", ".localhost", ".test", ".internal", ".lan", ".svc"]
        .iter()
        .any(|end| host.ends_with(end));
    host.contains('.') && !is_private && !is_near
}

#[cfg(test)]
mod tests {
    use crate::knowledge::testing::tells_apart;

    #[test]
    fn a_signed_request_changes_what_is_elsewhere_and_a_question_or_a_service_beside_this_one_does_not()
     {
        tells_apart(
            "write remote",
            &[
                "curl -X PATCH https://api.example.org/pages/1 -H \"Authorization: Bearer $T\" -d '{}'",
                "curl -X POST -u x:$KEY https://api.example.org/mails/1/actions",
                "curl -d '{\"content\":\"hi\"}' \"$TEAM_WEBHOOK\"",
                "curl https://example.org/graphql -d '{\"query\":\"mutation { a }\"}'",
                "http POST https://api.example.org/orders x-api-key:abc item=1",
            ],
            &[
                "curl https://api.example.org/pages/1 -H \"Authorization: Bearer $T\"",
                "curl https://api.example.org/v1/embeddings -H \"Authorization: Bearer $T\" -d '{}'",
                "curl https://example.org/graphql -H \"Authorization: Bearer $T\" -d '{\"query\":\"{ a }\"}'",
                "curl -X PUT http://api:8000/cells/1 -H 'Authorization: x' -d '{}'",
                "curl -X POST http://localhost:3000/login -u a:b -d '{}'",
                "curl -X POST http://192.168.1.4/x -u a:b -d '{}'",
            ],
        );
    }
}
