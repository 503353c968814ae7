use super::{RuleError, Rules};

fn refusal(pack: &str) -> String {
    match Rules::default().add("my.toml", pack) {
        Ok(()) => "accepted".to_owned(),
        Err(error) => error.to_string(),
    }
}

const RULE: &str = r#"
[[rule]]
id = "my.rule"
class = "ambiguous"
risk = 60
effect = ["delete"]
reason = "deletes"
"#;

#[test]
fn the_built_in_packs_load() {
    let rules = Rules::builtin().unwrap();
    assert!(rules.ids().count() > 100);
}

#[test]
fn a_pack_that_does_not_parse_is_refused_with_file_line_and_text() {
    assert_eq!(refusal(RULE), "accepted");
    let unknown_key = RULE.replace("effect", "efect");
    assert!(
        refusal(&unknown_key).starts_with("my.toml:6: unknown field `efect`"),
        "{}",
        refusal(&unknown_key)
    );
    assert!(
        refusal(&unknown_key).ends_with("`efect = [\"delete\"]`"),
        "{}",
        refusal(&unknown_key)
    );
    let unknown_word = RULE.replace("\"delete\"", "\"destroy\"");
    assert!(
        refusal(&unknown_word).starts_with("my.toml:6: unknown variant `destroy`"),
        "{}",
        refusal(&unknown_word)
    );
    let wrong_type = RULE.replace("60", "\"sixty\"");
    assert!(
        refusal(&wrong_type).starts_with("my.toml:5: invalid type"),
        "{}",
        refusal(&wrong_type)
    );
    assert!(
        refusal("[[rule]\n").starts_with("my.toml:1: "),
        "{}",
        refusal("[[rule]\n")
    );
}

#[test]
fn an_id_is_used_once_and_well_formed() {
    let twice = format!("{RULE}{RULE}");
    assert_eq!(
        refusal(&twice),
        "my.toml:10: the rule id `my.rule` is already used at my.toml:3"
    );
    for id in [
        "rule",
        "My.rule",
        "my.",
        "my rule.x",
        "shell.unreadable",
        "unknown.mine",
    ] {
        let pack = RULE.replace("my.rule", id);
        assert_eq!(
            refusal(&pack),
            format!("my.toml:3: `{id}` is not a rule id: write `field.what`, in lower case")
        );
    }
}

#[test]
fn a_rule_that_says_nothing_is_refused() {
    for (from, to, problem) in [
        (
            "effect = [\"delete\"]",
            "",
            "needs at least one of `effect`, `role`, `place` and `program`",
        ),
        (
            "\"ambiguous\"",
            "\"safe\"",
            "raises nothing: its class is `ambiguous` or `catastrophic`",
        ),
        (
            "\"ambiguous\"",
            "\"catastrophic\"",
            "has a risk, which only an ambiguous rule can have",
        ),
        ("risk = 60", "", "needs a `risk`, because it is ambiguous"),
        ("60", "101", "has a risk above 100"),
    ] {
        let refused = refusal(&RULE.replace(from, to));
        assert_eq!(refused, format!("my.toml:3: the rule `my.rule` {problem}"));
    }
}

#[test]
fn a_refused_pack_adds_nothing() {
    let mut rules = Rules::default();
    let half = format!("{RULE}\n[[rule]]\nid = \"bad\"\nclass = \"ambiguous\"\nreason = \"x\"\n");
    assert!(matches!(
        rules.add("my.toml", &half),
        Err(RuleError::BadId { .. })
    ));
    assert!(!rules.has("my.rule"));
}
