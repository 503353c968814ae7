//! Pages that run whatever a visitor asks for, written where a web server may find them: `<?php system($_GET["c"]); ?>`.
//!
//! Sources: PHP 8.4, "Program execution Functions"; Jakarta Servlet 6.1, `ServletRequest.getParameter`; ASP.NET, `Request`.

use crate::effect::{Action, Effect, Feed, Modifiers, Role, Target};
use crate::shell::{Input, Script, Word};

/// Kinds of files that a web server runs.
const PAGES: [&str; 9] = [
    "php", "phtml", "phar", "php5", "php7", "inc", "jsp", "aspx", "asp",
];

/// Calls that run a text.
const RUNS: [&str; 10] = [
    "system(",
    "exec(",
    "shell_exec(",
    "passthru(",
    "popen(",
    "proc_open(",
    "eval(",
    "assert(",
    "create_function(",
    "execute(",
];

/// What a visitor sends, behind such a call.
const ASKED: [&str; 6] = [
    "$_get",
    "$_post",
    "$_request",
    "$_cookie",
    "request.getparameter",
    "request[",
];

/// How far behind the call that may stand, in bytes.
const NEAR: usize = 48;

/// The page that a line writes which does what a visitor says.
pub(super) fn written(script: &Script, effects: &[Effect]) -> Option<Effect> {
    let page = effects.iter().find(|effect| {
        let last = effect.target.text.rsplit('.').next().unwrap_or_default();
        let writes = matches!(
            effect.action,
            Action::Write | Action::Overwrite | Action::Create
        );
        writes && effect.role == Role::Path && PAGES.contains(&last)
    })?;
    let runs = script.invocations.iter().any(|invocation| {
        let input = match &invocation.input {
            Input::Text(text) => Some(&**text),
            Input::Inherited | Input::File(_) | Input::Pipe { .. } => None,
        };
        invocation.words.iter().chain(input).any(obeys)
    });
    runs.then(|| Effect {
        action: Action::Grant,
        role: Role::Account,
        target: Target::named("whoever asks the web server"),
        modifiers: Modifiers::NONE,
        feed: Feed::Text,
        ..page.clone()
    })
}

/// Whether a text runs what a visitor sends.
fn obeys(word: &Word) -> bool {
    let text = word.display();
    if !text.contains("<?") && !text.contains("<%") {
        return false;
    }
    let text = text.to_ascii_lowercase();
    RUNS.iter().any(|call| {
        text.match_indices(call).any(|(at, _)| {
            let behind = text.get(at + call.len()..).unwrap_or_default();
            let near: String = behind.chars().take(NEAR).collect();
            let near = near.split(';').next().unwrap_or_default();
            ASKED.iter().any(|asked| near.contains(asked))
        })
    })
}
