//! Values that stand in a text of another notation: `JSON.parse('{"cmd": "rm -rf x"}')["cmd"]`, `yaml.safe_load("cmd: rm -rf x")`.
//!
//! Sources: RFC 8259; YAML 1.2 (only `name: value` on lines of their own); the manuals of Python 3.13, Ruby 3.4, PHP 8.4 and Node.js 22.

use serde_json::Value as Json;

use super::effects::Call;
use super::value::Value;

/// Most elements or fields of one value that are kept.
const PARTS_MAX: usize = 64;

/// Deepest nesting that is followed.
const DEPTH_MAX: u32 = 8;

/// Functions that read JSON.
const JSON: [&str; 7] = [
    "JSON.parse",
    "json.loads",
    "json_decode",
    "decode_json",
    "JSON.load",
    "from_json",
    "orjson.loads",
];

/// Functions that read YAML.
const YAML: [&str; 8] = [
    "yaml.safe_load",
    "yaml.load",
    "YAML.load",
    "YAML.safe_load",
    "yaml_parse",
    "yaml.parse",
    "YAML.parse",
    "Psych.load",
];

/// What a call gives back that reads a text which is known.
pub(super) fn parsed(call: &Call<'_>) -> Option<Value> {
    let is_json = JSON.contains(&call.path);
    if !is_json && !YAML.contains(&call.path) {
        return None;
    }
    let text = call.argument(0).known()?;
    if is_json {
        return Some(of_json(&serde_json::from_str(&text).ok()?, DEPTH_MAX));
    }
    let pairs = text.lines().filter_map(|line| line.split_once(": "));
    let plain = |text: &str| text.trim().trim_matches(['"', '\'']).to_owned();
    let fields = pairs.map(|(name, value)| (plain(name), Value::text(plain(value))));
    let fields: Vec<_> = fields.take(PARTS_MAX).collect();
    (!fields.is_empty()).then(|| Value {
        fields,
        ..Value::unknown(crate::effect::Feed::Text)
    })
}

fn of_json(json: &Json, depth: u32) -> Value {
    let inner = |json: &Json| {
        depth
            .checked_sub(1)
            .map_or_else(Value::default, |depth| of_json(json, depth))
    };
    match json {
        Json::Null | Json::Bool(_) => Value::unknown(crate::effect::Feed::Text),
        Json::Number(number) => Value::text(number.to_string()),
        Json::String(text) => Value::text(text),
        Json::Array(all) => Value::list(all.iter().take(PARTS_MAX).map(inner).collect()),
        Json::Object(all) => {
            let fields = all.iter().take(PARTS_MAX);
            Value {
                fields: fields
                    .map(|(name, value)| (name.clone(), inner(value)))
                    .collect(),
                ..Value::unknown(crate::effect::Feed::Text)
            }
        }
    }
}
