//! Models whose own code runs when they are loaded: `from_pretrained("who/model", trust_remote_code=True)`.
//!
//! Source: Transformers 4.46, "Custom models"; Datasets 2.21. A hub has no owners that are checked, but names that many people watch.

use super::Embedded;
use super::effects::Call;
use super::script::Script;
use crate::effect::{Action, Feed, Modifiers, Role, Span};
use crate::shell::Word;

/// Owners whose models many people run; what a name that nobody knows brings is read before it runs.
const OWNERS: [&str; 44] = [
    "01-ai",
    "alibaba-nlp",
    "allenai",
    "apple",
    "baai",
    "baichuan-inc",
    "bigcode",
    "bigscience",
    "cohereforai",
    "databricks",
    "deepseek-ai",
    "eleutherai",
    "facebook",
    "google",
    "huggingface",
    "huggingfacem4",
    "huggingfacetb",
    "ibm-granite",
    "intel",
    "internlm",
    "jinaai",
    "llava-hf",
    "meta-llama",
    "microsoft",
    "minimaxai",
    "mistralai",
    "moonshotai",
    "mosaicml",
    "nomic-ai",
    "nvidia",
    "openai",
    "openbmb",
    "opengvlab",
    "qwen",
    "salesforce",
    "sentence-transformers",
    "snowflake",
    "stabilityai",
    "thudm",
    "tiiuae",
    "togethercomputer",
    "unsloth",
    "xai-org",
    "zai-org",
];

impl Script<'_> {
    /// Notes code that a call takes from a hub and runs; whether it does.
    pub(super) fn trusts_code(&mut self, call: &Call<'_>) -> bool {
        let trusted = call.keyword("trust_remote_code");
        if trusted.and_then(|value| value.path.as_deref()) != Some("True") {
            return false;
        }
        let Some(name) = call.argument(0).known() else {
            return false;
        };
        // `./checkpoint`, `/data/model` and a name without an owner are this machine's.
        let Some((owner, _)) = name
            .split_once('/')
            .filter(|_| !name.starts_with(['.', '/', '~']))
        else {
            return false;
        };
        if OWNERS.contains(&owner.to_ascii_lowercase().as_str()) {
            return false;
        }
        self.found.push(Embedded::Effect {
            action: Action::Interpret,
            role: Role::Code,
            target: Word::text(name, Span::default()),
            modifiers: Modifiers::NONE,
            feed: Feed::Network,
        });
        true
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn owners_are_sorted_and_in_small_letters() {
        assert!(super::OWNERS.is_sorted());
        assert!(
            super::OWNERS
                .iter()
                .all(|it| *it == it.to_ascii_lowercase())
        );
    }
}
