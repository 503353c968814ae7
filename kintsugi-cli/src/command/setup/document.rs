//! Changes to JSON that a person keeps: comments, order and layout stay as they are.

use jsonc_parser::ParseOptions;
use jsonc_parser::cst::{CstArray, CstInputValue, CstNode, CstObject, CstRootNode};

use serde_json::Value;

use super::hosts::Element;
use kintsugi_core::quote;

/// By this an element shows that it is ours.
const MARK: &str = "kintsugi-hook";

/// Why a document is left alone.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum DocumentError {
    /// It is no JSON, not even with comments.
    #[error("it is not JSON: {0}")]
    NotJson(String),
    /// A member is not what the host takes it for.
    #[error("its member `{0}` is not what was expected")]
    Member(&'static str),
    /// Of two members of one name, hosts read the last, and a person reads the first.
    #[error("its member `{0}` is there twice: make one of the two")]
    Twice(&'static str),
}

/// Returns `text` with every element in its place, once; the same text when all are there.
pub(super) fn with(text: &str, elements: &[Element]) -> Result<String, DocumentError> {
    let (mark, text) = byte_order_mark(text);
    let root = parse(text)?;
    let top = root
        .object_value_or_create()
        .ok_or(DocumentError::Member("(the document)"))?;
    for element in elements {
        for (name, value) in &element.beside {
            if top.get(name).is_none() {
                top.append(name, value.clone());
            }
        }
        let array = array_at(&top, &element.path)?;
        put(&array, &element.value);
    }
    let mut changed = root.to_string();
    if !changed.ends_with('\n') && text.is_empty() {
        changed.push('\n');
    }
    Ok(format!("{mark}{changed}"))
}

/// Returns `text` without any element of ours.
pub(super) fn without(text: &str, elements: &[Element]) -> Result<String, DocumentError> {
    let (mark, text) = byte_order_mark(text);
    let root = parse(text)?;
    if let Some(top) = root.object_value() {
        for element in elements {
            match array_at(&top, &element.path) {
                Ok(array) => {
                    for old in ours(&array) {
                        old.remove();
                    }
                }
                // Ours may be in the other of the two.
                Err(error @ DocumentError::Twice(_)) => return Err(error),
                Err(DocumentError::NotJson(_) | DocumentError::Member(_)) => {}
            }
        }
    }
    Ok(format!("{mark}{root}"))
}

/// Splits the mark off that editors of Windows put in front of UTF-8; it is no JSON (RFC 8259, 8.1), and stays where it is.
fn byte_order_mark(text: &str) -> (&str, &str) {
    match text.strip_prefix('\u{feff}') {
        Some(rest) => ("\u{feff}", rest),
        None => ("", text),
    }
}

fn parse(text: &str) -> Result<CstRootNode, DocumentError> {
    CstRootNode::parse(text, &ParseOptions::default())
        .map_err(|error| DocumentError::NotJson(error.to_string()))
}

fn array_at(top: &CstObject, path: &[&'static str]) -> Result<CstArray, DocumentError> {
    let Some((last, before)) = path.split_last() else {
        return Err(DocumentError::Member("(the document)"));
    };
    let mut object = top.clone();
    for name in before {
        check_once(&object, name)?;
        object = object
            .object_value_or_create(name)
            .ok_or(DocumentError::Member(name))?;
    }
    check_once(&object, last)?;
    object
        .array_value_or_create(last)
        .ok_or(DocumentError::Member(last))
}

fn check_once(object: &CstObject, name: &'static str) -> Result<(), DocumentError> {
    let members = object.properties().into_iter();
    let same = members.filter(|member| member.decoded_name().as_deref() == Some(name));
    if same.count() > 1 {
        return Err(DocumentError::Twice(name));
    }
    Ok(())
}

/// Puts `value` in front, so that no other hook runs before it; what is ours and different is replaced.
fn put(array: &CstArray, value: &CstInputValue) {
    let old = ours(array);
    if let [only] = old.as_slice()
        && only.to_serde_value() == Some(plain(value))
    {
        return;
    }
    for element in old {
        element.remove();
    }
    array.insert(0, value.clone());
}

fn ours(array: &CstArray) -> Vec<CstNode> {
    let elements = array.elements();
    elements
        .into_iter()
        .filter(|element| element.to_string().contains(MARK))
        .collect()
}

/// Returns the first command in an element, as a shell reads it.
pub(super) fn command(element: &Value) -> Option<String> {
    match element {
        Value::Object(members) => {
            let Some(command) = members.get("command").and_then(Value::as_str) else {
                return members.values().find_map(command_of_list);
            };
            let arguments = members.get("args").and_then(Value::as_array);
            Some(match arguments {
                // The exec form: the path as it is, and words.
                Some(arguments) => {
                    let words = arguments
                        .iter()
                        .filter_map(Value::as_str)
                        .map(str::to_owned);
                    let line: Vec<String> =
                        std::iter::once(command.to_owned()).chain(words).collect();
                    quote::join(&line)
                }
                None => command.to_owned(),
            })
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            None
        }
    }
}

fn command_of_list(value: &Value) -> Option<String> {
    value.as_array()?.iter().find_map(command)
}

/// Returns the value as other JSON is.
pub(super) fn plain(value: &CstInputValue) -> Value {
    match value {
        CstInputValue::Null => Value::Null,
        CstInputValue::Bool(truth) => Value::Bool(*truth),
        CstInputValue::Number(number) => {
            serde_json::from_str(number).unwrap_or_else(|_| Value::String(number.clone()))
        }
        CstInputValue::String(text) => Value::String(text.clone()),
        CstInputValue::Array(values) => Value::Array(values.iter().map(plain).collect()),
        CstInputValue::Object(members) => {
            let members = members.iter();
            Value::Object(
                members
                    .map(|(name, value)| (name.clone(), plain(value)))
                    .collect(),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonc_parser::json;

    fn element(timeout: u32) -> Element {
        Element {
            path: vec!["hooks", "PreToolUse"],
            value: json!({ "command": "/opt/a b/kintsugi-hook", "timeout": timeout }),
            beside: vec![("version", json!(1))],
        }
    }

    #[test]
    fn comments_order_and_layout_of_the_rest_stay() {
        let text = "{\n    // mine\n    \"z\": 1,\n    \"hooks\": {\n        \"PreToolUse\": [ {\"command\": \"other\"} ], // first\n        \"Stop\": []\n    },\n    \"a\": [1,2]\n}\n";
        let with_ours = with(text, &[element(600)]).unwrap();
        for part in [
            "// mine",
            "\"z\": 1",
            "{\"command\": \"other\"}",
            "// first",
            "\"a\": [1,2]",
        ] {
            assert!(with_ours.contains(part), "{part}: {with_ours}");
        }
        let read = parse(&with_ours).unwrap().to_serde_value().unwrap();
        assert_eq!(read["hooks"]["PreToolUse"][0]["timeout"], 600);
        assert_eq!(read["hooks"]["PreToolUse"][1]["command"], "other");
        assert_eq!(with(&with_ours, &[element(600)]).unwrap(), with_ours);

        let newer = with(&with_ours, &[element(60)]).unwrap();
        assert_eq!(newer.matches("kintsugi-hook").count(), 1);
        let gone = without(&newer, &[element(60)]).unwrap();
        assert!(
            !gone.contains("kintsugi") && gone.contains("other"),
            "{gone}"
        );
    }

    #[test]
    fn a_byte_order_mark_stays_in_front() {
        let text = "\u{feff}{\"a\": 1}\r\n";
        let with_ours = with(text, &[element(600)]).unwrap();
        assert!(with_ours.starts_with("\u{feff}{"), "{with_ours:?}");
        assert!(with_ours.contains("\"a\": 1"), "{with_ours:?}");
        assert_eq!(with_ours.matches('\u{feff}').count(), 1);
        assert_eq!(with(&with_ours, &[element(600)]).unwrap(), with_ours);
        let gone = without(&with_ours, &[element(600)]).unwrap();
        assert!(gone.starts_with('\u{feff}') && !gone.contains("kintsugi"));
    }

    #[test]
    fn an_empty_file_becomes_a_document() {
        for text in ["", "{}", "{}\n"] {
            let made = with(text, &[element(1)]).unwrap();
            let read: serde_json::Value = serde_json::from_str(&made).unwrap();
            assert_eq!(read["version"], 1);
            assert!(made.ends_with('\n') || !text.ends_with('\n'), "{made:?}");
        }
    }

    #[test]
    fn what_is_not_as_the_host_has_it_is_left_alone() {
        for (text, member) in [
            ("{\"hooks\": []}", "hooks"),
            ("{\"hooks\": {\"PreToolUse\": {}}}", "PreToolUse"),
            ("[]", "(the document)"),
        ] {
            assert_eq!(
                with(text, &[element(1)]),
                Err(DocumentError::Member(member))
            );
        }
        assert!(matches!(
            with("{", &[element(1)]),
            Err(DocumentError::NotJson(_))
        ));
    }

    #[test]
    fn of_two_members_of_one_name_none_is_chosen() {
        for (text, member) in [
            ("{\"hooks\": {}, \"hooks\": {}}", "hooks"),
            ("{\"hooks\": {}, \"h\\u006foks\": 1}", "hooks"),
            (
                "{\"hooks\": {\"PreToolUse\": [], \"PreToolUse\": []}}",
                "PreToolUse",
            ),
        ] {
            let twice = Err(DocumentError::Twice(member));
            assert_eq!(with(text, &[element(1)]), twice, "{text}");
            assert_eq!(without(text, &[element(1)]), twice, "{text}");
        }
        let elsewhere = "{\"a\": 1, \"a\": {\"hooks\": []}}";
        assert!(with(elsewhere, &[element(1)]).is_ok());
    }
}
