//! Tokens of each language.

use super::*;

fn tokens(text: &str, language: Language) -> Vec<Token> {
    super::tokens(text, language, &mut Budget::new(1_000))
}

fn text(value: &str) -> Token {
    Token::Text(vec![Part::Text(value.to_owned())])
}

#[test]
fn python_strings_with_every_prefix() {
    let code = r#"a = rb'\n' + "\x41\101" + '''x'y''' # "no"
f"{b}/c{{""#;
    let texts: Vec<Token> = tokens(code, Language::Python)
        .into_iter()
        .filter(|token| matches!(token, Token::Text(_)))
        .collect();
    let formatted = Token::Text(vec![
        Part::Code("b".to_owned()),
        Part::Text("/c{".to_owned()),
    ]);
    assert_eq!(texts, [text(r"\n"), text("AA"), text("x'y"), formatted]);
}

#[test]
fn a_quote_in_a_pattern_opens_no_string() {
    let perl = tokens(r#"s/"/'/g; system "ls""#, Language::Perl);
    assert_eq!(perl.last(), Some(&text("ls")));
    let javascript = tokens(r#"x = /["']/.test(y); f("z")"#, Language::Javascript);
    assert!(javascript.contains(&text("z")), "{javascript:?}");
}

#[test]
fn shells_of_perl_and_ruby() {
    let shell = Token::Shell(vec![Part::Text("ls -l".to_owned())]);
    assert_eq!(
        tokens("`ls -l`", Language::Perl),
        std::slice::from_ref(&shell)
    );
    assert_eq!(
        tokens("qx{ls -l}", Language::Perl),
        std::slice::from_ref(&shell)
    );
    assert_eq!(tokens("%x(ls -l)", Language::Ruby), [shell]);
}

#[test]
fn an_evaluated_substitution_is_code() {
    let tokens = tokens("s/x/system('ls')/e", Language::Perl);
    assert_eq!(
        tokens,
        [Token::Change(vec![Part::Code("system('ls')".to_owned())])]
    );
}

/// The code that stands in the literals of a text, as it is written.
fn code_within(text: &str, language: Language) -> Vec<String> {
    let parts = tokens(text, language)
        .into_iter()
        .filter_map(|token| {
            if let Token::Text(parts)
            | Token::Shell(parts)
            | Token::Pattern(parts)
            | Token::Change(parts) = token
            {
                Some(parts)
            } else {
                None
            }
        })
        .flatten();
    parts
        .filter_map(|part| match part {
            Part::Code(code) | Part::Aside(code) => Some(code),
            Part::Text(_) => None,
        })
        .collect()
}

#[test]
fn code_in_a_literal_ends_at_its_own_bracket() {
    for (language, text, code) in [
        (Language::Perl, r#"qq<a @{[f("}")]} b>"#, r#"f("}")"#),
        (Language::Perl, "m{(?{ f({}) })}", " f({}) "),
        (Language::Perl, "print <<E;\n${\\ f(1)}\nE\n", "\\ f(1)"),
        (Language::Ruby, r#""a #{f("}")} b""#, r#"f("}")"#),
        (Language::Ruby, "x = %r{#{f({})}}", "f({})"),
        (Language::Ruby, "puts <<~E\n  #{f(1)}\n  E\n", "f(1)"),
        (Language::Javascript, "`a ${f(`}`)} b`", "f(`}`)"),
        (Language::Php, r#""a {$f("}")} b""#, r#"$f("}")"#),
        (Language::Php, "$x = <<<E\n{$f(1)}\n  E;", "$f(1)"),
        (Language::Python, r#"f"a {f("}")} {{""#, r#"f("}")"#),
        (Language::Other, r#""a ${f("}")} b""#, r#"f("}")"#),
        (Language::Other, r#""a \(f("x"))""#, r#"f("x")"#),
    ] {
        // Both readings of a text that ends elsewhere in one of them are in the answer.
        let mut found = code_within(text, language);
        found.dedup();
        assert_eq!(found, [code], "{text}");
    }
}

#[test]
fn a_division_opens_no_pattern() {
    for (language, text) in [
        (Language::Javascript, "x++ / f() / 1"),
        (Language::Javascript, "o.return / f() / 1"),
        (Language::Javascript, "x\n/ f() / 1"),
        (Language::Perl, "$x // f() / 1"),
        (Language::Perl, "$h{a} / f() / 1"),
        (Language::Perl, "time / f() / 1"),
        (Language::Perl, "PI / f() / 1"),
        (Language::Ruby, "x / f() / 1"),
        (Language::Other, "1 // f() / 1"),
    ] {
        let is_seen = tokens(text, language).contains(&Token::Name("f".to_owned()));
        let is_code = code_within(text, language)
            .iter()
            .any(|code| code.contains("f()"));
        assert!(is_seen || is_code, "{text}");
    }
}

#[test]
fn a_quote_that_opens_no_text_hides_nothing() {
    for (language, text) in [
        (Language::Perl, "$\"; f(); $\""),
        (Language::Perl, "$#a; f(); 1"),
        (Language::Perl, "=pod\n\nit's\n\n=cut\nf(); # '"),
        (Language::Perl, "print <<E;\nit's\nE\nf(); # '"),
        (Language::Ruby, "x = ?\"; f(); y = ?\""),
        (Language::Ruby, "=begin\nit's\n=end\nf() # '"),
        (Language::Php, "<p>it's</p><?php f(); // '"),
        (Language::Lua, "x = [[it's]] f() -- '"),
        (Language::Javascript, "if (x) /\"/.test(y); f(); /\"/"),
        (Language::Awk, "{x = 1} /\"/ {f()} /\"/"),
        (Language::Other, "func main() { // don't\n f() // isn't\n}"),
        (
            Language::Other,
            "fn main() { let x: &'a str; f(); let c = 'x'; }",
        ),
        (
            Language::Other,
            "fn main() { let x = r#\"it's\"#; f(); 'x' }",
        ),
    ] {
        let found = tokens(text, language);
        assert!(
            found.contains(&Token::Name("f".to_owned())),
            "{text}: {found:?}"
        );
    }
}
