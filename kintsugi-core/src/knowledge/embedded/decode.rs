//! What decoders and text functions of a script give back, where it costs little to work out.
//!
//! What cannot be worked out is unknown and says that it was decoded: run, it is code that nobody has read.

use data_encoding::{BASE64_NOPAD, HEXLOWER_PERMISSIVE};

use super::calls::Decode;
use super::effects::Call;
use super::value::Value;
use crate::effect::Feed;
use crate::knowledge::data_address::unescaped;

/// What a decoder gives back.
pub(super) fn decoded(decode: Decode, call: &Call<'_>) -> Value {
    let first = call.argument(0);
    let object = call.object.clone().filter(|object| object.path.is_none());
    match decode {
        Decode::Base64 if call.path == "Buffer.from" && !says_base64(call) => first,
        Decode::Base64
        | Decode::Hexadecimal
        | Decode::Percent
        | Decode::Rot13
        | Decode::Characters
        | Decode::Pack
        | Decode::Other => {
            let text = undone(decode, call, object.as_ref().unwrap_or(&first));
            let feed = first.feed.max(Feed::Decoded);
            let value = text.map_or_else(|| Value::unknown(feed), Value::text);
            Value { feed, ..value }
        }
        Decode::Reverse => {
            let mut value = object.unwrap_or(first);
            if let Some(mut items) = value.items.take() {
                items.reverse();
                return hidden(Value::list(items));
            }
            let turned = value.map(|text| Some(text.chars().rev().collect()));
            hidden(turned)
        }
        Decode::JoinList => join_list(call),
        Decode::Split => split(call),
        Decode::Format => {
            let object = call.object.clone();
            let arguments: Vec<Value> = call.positional().cloned().collect();
            if let Some(template) = object {
                return template.format(&["{}", "{0}", "{1}"], &arguments);
            }
            let rest = arguments.get(1..).unwrap_or_default();
            first.format(&["%s", "%d", "%c"], rest)
        }
        Decode::Replace => replaced(call, object),
        Decode::Substring => substring(call, object),
        Decode::Lower => object
            .unwrap_or(first)
            .map(|text| Some(text.to_lowercase())),
        Decode::Upper => object
            .unwrap_or(first)
            .map(|text| Some(text.to_uppercase())),
        Decode::Concatenate => {
            let parts = call.positional();
            parts.fold(Value::text(""), |sum, part| sum.then("", part))
        }
    }
}

/// Says of a value that it was decoded.
fn hidden(value: Value) -> Value {
    Value {
        feed: value.feed.max(Feed::Decoded),
        ..value
    }
}

/// `Buffer.from(x)` is base64 only when it says so; without that the text stays what it is.
fn says_base64(call: &Call<'_>) -> bool {
    matches!(
        call.argument(1).known().as_deref(),
        Some("base64" | "base64url" | "hex")
    )
}

/// The text behind an encoding.
fn undone(decode: Decode, call: &Call<'_>, from: &Value) -> Option<String> {
    let first = call.argument(0);
    let named = call.argument(1).known();
    match (decode, named.as_deref()) {
        (Decode::Base64, Some("hex")) => hexadecimal(&first.known()?),
        (Decode::Base64, _) | (Decode::Rot13, Some("base64")) => base64(&first.known()?),
        (Decode::Hexadecimal, _) | (Decode::Rot13, Some("hex" | "hex_codec")) => {
            hexadecimal(&first.known()?)
        }
        (Decode::Rot13, None | Some("rot13" | "rot_13")) => Some(rot13(&first.known()?)),
        (Decode::Percent, _) => Some(unescaped(&first.known()?)),
        (Decode::Characters, _) => characters(&first, call),
        (Decode::Pack, _) => packed(call, from),
        _ => None,
    }
}

/// `pack("H*", "726d")`, `["726d"].pack("H*")`, `[99, 100].pack("c*")`.
fn packed(call: &Call<'_>, from: &Value) -> Option<String> {
    let (template, values): (Value, Vec<Value>) = match &call.object {
        Some(_) => (call.argument(0), from.items.clone()?),
        None => (
            call.argument(0),
            call.positional().skip(1).cloned().collect(),
        ),
    };
    let template = template.known()?;
    match template.chars().next()? {
        'H' => hexadecimal(&values.first()?.known()?),
        'C' | 'c' | 'U' | 'W' => numbered(&values),
        'm' => base64(&values.first()?.known()?),
        'A' | 'a' => values.first()?.known(),
        _ => None,
    }
}

/// `"abc".replace("b", "")`, `str_replace("b", "", "abc")`.
fn replaced(call: &Call<'_>, object: Option<Value>) -> Value {
    let (from, what, with) = match object {
        Some(object) => (object, call.argument(0), call.argument(1)),
        None => (call.argument(2), call.argument(0), call.argument(1)),
    };
    match (what.known(), with.known()) {
        (Some(what), Some(with)) if !what.is_empty() => {
            from.map(|text| Some(text.replace(&what, &with)))
        }
        _ if from.known().is_some() => Value::unknown(Feed::Decoded),
        _ => Value::unknown(from.feed),
    }
}

/// `"abc".slice(0, 2)`, `substr("abc", 0, 2)`: the second number is a length there and an end here.
fn substring(call: &Call<'_>, object: Option<Value>) -> Value {
    let is_method = object.is_some();
    let (from, at) = object.map_or_else(|| (call.argument(0), 1), |object| (object, 0));
    let number = |at: usize| call.argument(at).known()?.parse::<usize>().ok();
    let Some(start) = number(at) else {
        let feed = if from.known().is_some() {
            Feed::Decoded
        } else {
            from.feed
        };
        return Value::unknown(feed);
    };
    let count = match (number(at + 1), is_method) {
        (Some(end), true) => end.saturating_sub(start),
        (Some(length), false) => length,
        (None, _) => usize::MAX,
    };
    from.map(|text| Some(text.chars().skip(start).take(count).collect()))
}

fn join_list(call: &Call<'_>) -> Value {
    // Python: `sep.join(list)`; JavaScript and Ruby: `list.join(sep)`; Perl and PHP: `join(sep, list)`.
    let first = call.argument(0);
    // `table.concat(list, sep)` of Lua, `string.Join(sep, list)` of C#: functions of a module.
    let is_module = |it: &&Value| matches!(it.path.as_deref(), Some("table" | "string" | "String"));
    let (separator, list) = match call.object.as_ref().filter(|it| !is_module(it)) {
        Some(object) if object.items.is_some() => (first, object.clone()),
        Some(object) => (object.clone(), first),
        None if first.items.is_some() => (call.argument(1), first),
        // `join(" ", "a", @b)`: what stands behind the separator is one list (perlfunc(1) 5.38).
        None => {
            let parts = call.positional().skip(1);
            let flat = parts.flat_map(|it| match &it.items {
                Some(items) => items.clone(),
                None => vec![it.clone()],
            });
            let feed = call.argument(1).feed;
            let list = Value {
                feed,
                ..Value::list(flat.collect())
            };
            (first, list)
        }
    };
    let feed = list.feed.max(separator.feed);
    let separator = separator.known().unwrap_or_default();
    let Some(items) = list.items else {
        return Value::unknown(feed);
    };
    let mut items = items.into_iter();
    let head = items.next().unwrap_or_else(|| Value::text(""));
    items.fold(head, |joined, item| joined.then(&separator, &item))
}

fn split(call: &Call<'_>) -> Value {
    let (text, separator) = match &call.object {
        Some(object) if object.path.is_none() => (object.clone(), call.argument(0)),
        _ => (call.argument(0), Value::unknown(Feed::Nothing)),
    };
    let feed = text.feed;
    let Some(text) = text.known() else {
        return Value::unknown(feed);
    };
    if call.path.ends_with("splitlines") {
        return Value {
            feed,
            ..Value::list(text.lines().map(Value::text).collect())
        };
    }
    let is_by_line = call.path.rsplit('.').next() == Some("split") && call.arguments.len() == 1;
    let parts: Vec<Value> = match separator.known().as_deref() {
        // `split(/\n/)`: by what a pattern finds.
        None if is_by_line && text.contains('\n') => text.lines().map(Value::text).collect(),
        None => text.split_whitespace().map(Value::text).collect(),
        Some("") => text.chars().map(Value::text).collect(),
        Some(separator) => text.split(separator).map(Value::text).collect(),
    };
    Value {
        feed,
        ..Value::list(parts)
    }
}

fn characters(first: &Value, call: &Call<'_>) -> Option<String> {
    match &first.items {
        Some(items) => numbered(items),
        None => numbered(&call.positional().cloned().collect::<Vec<_>>()),
    }
}

/// The characters with these numbers.
fn numbered(numbers: &[Value]) -> Option<String> {
    let read = |number: &Value| {
        let text = number.known()?;
        let value = match text.strip_prefix("0x") {
            Some(digits) => u32::from_str_radix(digits, 16).ok()?,
            None => text.parse().ok()?,
        };
        char::from_u32(value)
    };
    numbers.iter().map(read).collect()
}

fn base64(text: &str) -> Option<String> {
    let plain: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '=')
        .map(|c| match c {
            '-' => '+',
            '_' => '/',
            c => c,
        })
        .collect();
    String::from_utf8(BASE64_NOPAD.decode(plain.as_bytes()).ok()?).ok()
}

fn hexadecimal(text: &str) -> Option<String> {
    let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    String::from_utf8(HEXLOWER_PERMISSIVE.decode(plain.as_bytes()).ok()?).ok()
}

fn rot13(text: &str) -> String {
    let turned = |c: char, base: u8| char::from((c as u8 - base + 13) % 26 + base);
    text.chars()
        .map(|c| match c {
            'a'..='z' => turned(c, b'a'),
            'A'..='Z' => turned(c, b'A'),
            _ => c,
        })
        .collect()
}
