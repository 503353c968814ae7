use super::*;
use crate::effect::{Action, Effect, Feed, Modifiers, Role, Span, Target};

fn file(origin: Origin, text: &str) -> File {
    let name = match origin {
        Origin::Admin => "admin.toml",
        Origin::User => "user.toml",
        Origin::Project => ".kintsugi.toml",
    };
    File::parse(name, text, origin).unwrap()
}

fn combine(admin: &str, user: &str, project: &str) -> (Policy, Vec<String>) {
    let some = |origin, text: &str| (!text.is_empty()).then(|| file(origin, text));
    let layers = Layers {
        admin: some(Origin::Admin, admin),
        user: some(Origin::User, user),
        project: some(Origin::Project, project),
    };
    let (policy, notices) = layers.combine(&Rules::builtin().unwrap()).unwrap();
    let notices = notices
        .into_iter()
        .map(|notice| format!("{}: {}", notice.at, notice.message));
    (policy, notices.collect())
}

fn refusal(text: &str) -> String {
    let parsed = File::parse("user.toml", text, Origin::User).and_then(|file| {
        let layers = Layers {
            user: Some(file),
            ..Layers::default()
        };
        layers.combine(&Rules::builtin()?).map(|_| ())
    });
    parsed.map_or_else(|error| error.to_string(), |()| "accepted".to_owned())
}

fn about(effect: &Effect) -> About<'_> {
    About::Effect(Evidence {
        effect,
        recoverable: false,
    })
}

fn push() -> Effect {
    Effect {
        action: Action::Rewrite,
        role: Role::Remote,
        target: Target::named("backup"),
        modifiers: Modifiers::NONE,
        feed: Feed::Nothing,
        program: "git push".to_owned(),
        span: Span::default(),
        script: None,
    }
}

fn finding(policy: &Policy, rule: &str, about: About<'_>) -> Finding {
    let mut finding = Finding {
        rule: rule.to_owned(),
        class: Class::Ambiguous,
        reason: "is a test".to_owned(),
        span: Span::default(),
        risk: Some(60),
        instead: None,
    };
    policy.adjust(&mut finding, about);
    finding
}

const EXCEPTION: &str = "[[exception]]\nrule = [\"git.rewrite-remote\"]\nwhen = { program = [\"git push\"], value = [\"backup\"] }\nreason = \"only a mirror\"\n";

#[test]
fn a_person_may_loosen_and_tighten_the_default() {
    let (policy, notices) = combine("", "mode = \"notify\"\nthreshold = 80", "");
    assert_eq!(
        (policy.mode, policy.threshold, notices),
        (Mode::Notify, 80, vec![])
    );
    assert_eq!(policy.mode_source(), Some("user.toml:1"));
    let (policy, _) = combine("", "mode = \"unattended\"\nthreshold = 20", "");
    assert_eq!((policy.mode, policy.threshold), (Mode::Unattended, 20));
}

#[test]
fn a_repository_only_tightens() {
    let (policy, notices) = combine("", "", "mode = \"notify\"\nthreshold = 90");
    assert_eq!((policy.mode, policy.threshold), (Mode::Attended, 50));
    assert_eq!(
        notices,
        [
            ".kintsugi.toml:1: mode `notify` is ignored: `attended` is as loose as it may be here",
            ".kintsugi.toml:2: threshold 90 is ignored: 50 is as high as it may be here",
        ]
    );
    let (policy, notices) = combine(
        "",
        "threshold = 60",
        "mode = \"unattended\"\nthreshold = 30",
    );
    assert_eq!(
        (policy.mode, policy.threshold, notices),
        (Mode::Unattended, 30, vec![])
    );
    let (policy, notices) = combine("", "", EXCEPTION);
    assert_eq!(policy.exceptions().count(), 0);
    assert_eq!(
        notices,
        [".kintsugi.toml:2: an exception is ignored: a repository can only tighten"]
    );
}

#[test]
fn a_person_stays_within_what_the_administrator_says() {
    let (policy, notices) = combine(
        "mode = \"attended\"\nthreshold = 40",
        "mode = \"notify\"\nthreshold = 60",
        "",
    );
    assert_eq!(
        (policy.mode, policy.threshold, notices.len()),
        (Mode::Attended, 40, 2)
    );
    let admin =
        "threshold = 40\n[ceiling]\nmode = \"attended\"\nthreshold = 60\nexception = [\"git.*\"]";
    let (policy, notices) = combine(
        admin,
        &format!("mode = \"notify\"\nthreshold = 60\n{EXCEPTION}"),
        "",
    );
    assert_eq!(
        (policy.mode, policy.threshold, policy.exceptions().count()),
        (Mode::Attended, 60, 1)
    );
    assert_eq!(
        notices,
        ["user.toml:1: mode `notify` is ignored: `attended` is as loose as it may be here"]
    );
    let (policy, notices) = combine("[ceiling]\nthreshold = 60", EXCEPTION, "");
    assert_eq!(policy.exceptions().count(), 0);
    assert_eq!(
        notices,
        [
            "user.toml:2: an exception is ignored: the administrator allows none of `git.rewrite-remote` (admin.toml:1)"
        ]
    );
}

#[test]
fn an_exception_counts_only_for_what_it_names() {
    let (policy, _) = combine("", EXCEPTION, "");
    let mut effect = push();
    let excepted = finding(&policy, "git.rewrite-remote", about(&effect));
    assert_eq!(excepted.class, Class::Safe);
    assert_eq!(
        excepted.reason,
        "is a test, excepted at user.toml:2: only a mirror"
    );
    assert_eq!(
        finding(&policy, "git.push", about(&effect)).class,
        Class::Ambiguous
    );
    effect.target.text = "origin".to_owned();
    assert_eq!(
        finding(&policy, "git.rewrite-remote", about(&effect)).class,
        Class::Ambiguous
    );
    assert_eq!(
        finding(&policy, "git.rewrite-remote", About::Text).class,
        Class::Ambiguous
    );
}

#[test]
fn an_unknown_program_is_excepted_by_its_name() {
    let text = "[[exception]]\nrule = [\"unknown.program\"]\nwhen = { program = [\"mytool\"] }\nreason = \"ours\"\n";
    let (policy, _) = combine("", text, "");
    assert_eq!(
        finding(&policy, "unknown.program", About::Unknown("mytool")).class,
        Class::Safe
    );
    assert_eq!(
        finding(&policy, "unknown.program", About::Unknown("mytools")).class,
        Class::Ambiguous
    );
    let text = text.replace(
        "program = [\"mytool\"]",
        "program = [\"mytool\"], effect = [\"delete\"]",
    );
    let (policy, _) = combine("", &text, "");
    assert_eq!(
        finding(&policy, "unknown.program", About::Unknown("mytool")).class,
        Class::Ambiguous
    );
}

#[test]
fn a_repository_may_raise() {
    let (policy, notices) = combine(
        "",
        "",
        "[[raise]]\nrule = [\"git.*\"]\nclass = \"catastrophic\"\n[[raise]]\nrule = [\"unknown.program\"]\nrisk = 90",
    );
    assert_eq!(notices, [""; 0]);
    assert_eq!(
        finding(&policy, "git.push", About::Text).class,
        Class::Catastrophic
    );
    assert_eq!(
        finding(&policy, "unknown.program", About::Text).risk,
        Some(90)
    );
    assert_eq!(
        finding(&policy, "files.delete-file", About::Text).risk,
        Some(60)
    );
}

#[test]
fn a_raise_never_lowers() {
    let (policy, _) = combine(
        "",
        "[[raise]]\nrule = [\"git.push\"]\nclass = \"safe\"\nrisk = 1",
        "",
    );
    let raised = finding(&policy, "git.push", About::Text);
    assert_eq!((raised.class, raised.risk), (Class::Ambiguous, Some(60)));
}

#[test]
fn a_file_that_is_wrong_is_refused_with_place_and_text() {
    for (text, refused) in [
        ("mode = \"attended\"", "accepted"),
        (
            "mod = \"attended\"",
            "user.toml:1: unknown field `mod`, expected one of `mode`, `threshold`, `packs`, `rule`, `raise`, `exception`, `ceiling`: `mod = \"attended\"`",
        ),
        (
            "\nmode = \"loose\"",
            "user.toml:2: unknown variant `loose`, expected one of `notify`, `attended`, `unattended`: `mode = \"loose\"`",
        ),
        (
            "threshold = 101",
            "user.toml:1: a risk or threshold is a number from 0 to 100",
        ),
        (
            "[[raise]]\nrule = [\"git.pus\"]\nrisk = 90",
            "user.toml:2: no rule is called `git.pus`",
        ),
        (
            "[[raise]]\nrule = [\"git.push\"]",
            "user.toml:2: this raises nothing: give it a `class` or a `risk`",
        ),
        (
            "[[exception]]\nrule = [\"guard.*\"]\nwhen = { program = [\"x\"] }\nreason = \"\"",
            "user.toml:2: nobody can make an exception of `guard.*`",
        ),
        (
            "[[exception]]\nrule = [\"*\"]\nwhen = { program = [\"x\"] }\nreason = \"\"",
            "user.toml:2: nobody can make an exception of `*`",
        ),
        (
            "[[exception]]\nrule = [\"git.push\"]\nwhen = { effect = [\"publish\"] }\nreason = \"\"",
            "user.toml:2: this exception is too wide: `when` needs a `program`, a `value` or a `place`",
        ),
    ] {
        assert_eq!(refusal(text), refused);
    }
    let builtin = "[[rule]]\nid = \"git.push\"\nclass = \"catastrophic\"\neffect = [\"publish\"]\nreason = \"x\"";
    assert!(
        refusal(builtin)
            .starts_with("user.toml:2: the rule id `git.push` is already used at rules/git.toml:")
    );
}

#[test]
fn a_wrong_type_and_a_second_rule_of_one_id_are_refused_with_line_and_text() {
    let rule = "[[rule]]\nid = \"my.rule\"\nclass = \"catastrophic\"\neffect = [\"publish\"]\nreason = \"x\"\n";
    for (text, place, offending) in [
        (
            "mode = \"attended\"\nthreshold = \"high\"".to_owned(),
            "user.toml:2: ",
            "`threshold = \"high\"`",
        ),
        (
            rule.replace("[\"publish\"]", "7"),
            "user.toml:4: ",
            "`effect = 7`",
        ),
        (
            rule.replace("publish", "explode"),
            "user.toml:4: ",
            "explode",
        ),
        (
            rule.replace("reason", "raeson"),
            "user.toml:5: ",
            "`raeson = \"x\"`",
        ),
        ([rule, rule].concat(), "user.toml:7: ", "my.rule"),
        ("mode = ".to_owned(), "user.toml:1: ", "mode ="),
    ] {
        let refused = refusal(&text);
        assert!(refused.starts_with(place), "{text}: {refused}");
        assert!(refused.contains(offending), "{text}: {refused}");
        assert_eq!(refused.lines().count(), 1, "{refused}");
    }
}

#[test]
fn what_holds_while_a_file_is_broken_is_the_strictest() {
    let (policy, _) = combine(
        "",
        &format!("mode = \"notify\"\nthreshold = 80\n{EXCEPTION}"),
        "",
    );
    let strict = policy.strictest();
    assert_eq!(
        (strict.mode, strict.threshold, strict.exceptions().count()),
        (Mode::Attended, 50, 0)
    );
    let (policy, _) = combine("", "mode = \"unattended\"\nthreshold = 20", "");
    let strict = policy.strictest();
    assert_eq!((strict.mode, strict.threshold), (Mode::Unattended, 20));
}

#[test]
fn a_loosening_is_named_and_a_tightening_is_none() {
    let raise = "[[raise]]\nrule = [\"git.*\"]\nclass = \"catastrophic\"\n";
    let exception = "[[exception]]\nrule = [\"unknown.*\"]\nwhen = { program = [\"just\"] }\nreason = \"ours\"\n";
    let policy = |text: &str| combine("", text, "").0;
    let looser = [
        ("", "mode = \"notify\"\n", "mode `notify`"),
        (
            "mode = \"unattended\"\n",
            "",
            "mode `attended` instead of `unattended`",
        ),
        ("", "threshold = 51\n", "threshold 51 instead of 50"),
        (raise, "", "what `user.toml:2` raised"),
        ("", exception, "the exception at `user.toml:2`"),
    ];
    for (before, after, what) in looser {
        let loosened = policy(after).loosens(&policy(before));
        assert!(
            loosened.as_ref().is_some_and(|said| said.contains(what)),
            "{what}: {loosened:?}"
        );
        assert_eq!(policy(before).loosens(&policy(before)), None);
    }
    let tightened = policy(&format!("mode = \"unattended\"\nthreshold = 3\n{raise}"));
    assert_eq!(tightened.loosens(&Policy::default()), None);
    let moved = policy(&format!("# a comment\n{exception}"));
    assert_eq!(
        moved.loosens(&policy(exception)),
        None,
        "a line further down"
    );
}
