//! Members of a payload, each of them taken for what it must be or refused.

use serde_json::{Map, Value};

use super::once::Once;
use super::{PAYLOAD_BYTES_MAX, PayloadError};

/// A payload, or an object in it.
pub type Payload = Map<String, Value>;

/// Reads the bytes of standard input.
///
/// # Errors
/// When they are too many, or no JSON object in UTF-8.
pub fn parse(bytes: &[u8]) -> Result<Payload, PayloadError> {
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > PAYLOAD_BYTES_MAX {
        return Err(PayloadError::TooLarge);
    }
    // Cursor on Windows begins with a byte order mark.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match serde_json::from_slice(bytes) {
        Ok(Once(Value::Object(payload))) => Ok(payload),
        Ok(_) => Err(PayloadError::NotJson("it is no object".to_owned())),
        Err(error) => Err(PayloadError::NotJson(error.to_string())),
    }
}

/// Returns a member that must be text.
///
/// # Errors
/// When it is not.
pub fn text<'a>(object: &'a Payload, name: &'static str) -> Result<&'a str, PayloadError> {
    optional_text(object, name)?.ok_or(PayloadError::Member(name, "a string"))
}

/// Returns a member that may be absent or null, and is text otherwise.
///
/// # Errors
/// When it is something else.
pub fn optional_text<'a>(
    object: &'a Payload,
    name: &'static str,
) -> Result<Option<&'a str>, PayloadError> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(PayloadError::Member(name, "a string")),
    }
}

/// Returns a member that must be an object.
///
/// # Errors
/// When it is not.
pub fn object<'a>(of: &'a Payload, name: &'static str) -> Result<&'a Payload, PayloadError> {
    of.get(name)
        .and_then(Value::as_object)
        .ok_or(PayloadError::Member(name, "an object"))
}

/// Returns a member that is an object, or the JSON text of one.
///
/// # Errors
/// When it is neither.
pub fn object_or_text(of: &Payload, name: &'static str) -> Result<Payload, PayloadError> {
    let wrong = PayloadError::Member(name, "an object");
    match of.get(name) {
        Some(Value::Object(object)) => Ok(object.clone()),
        Some(Value::String(text)) => match serde_json::from_str(text) {
            Ok(Once(Value::Object(object))) => Ok(object),
            Ok(_) | Err(_) => Err(wrong),
        },
        _ => Err(wrong),
    }
}

/// Returns the first of the directories that a payload may name.
///
/// # Errors
/// When there is none, or it is not absolute.
pub fn directory(payload: &Payload, members: &[&'static str]) -> Result<String, PayloadError> {
    for member in members {
        let named = match payload.get(*member) {
            None | Some(Value::Null) => continue,
            Some(Value::Array(several)) if several.is_empty() => continue,
            Some(Value::Array(several)) => several.first().and_then(Value::as_str),
            Some(other) => other.as_str(),
        };
        let named = named.ok_or(PayloadError::Member(member, "a path"))?;
        return if named.starts_with('/') {
            Ok(named.to_owned())
        } else {
            Err(PayloadError::Directory)
        };
    }
    Err(PayloadError::Directory)
}

/// Returns a number of a report; a report with an odd one is still a report.
#[must_use]
pub fn number<T: TryFrom<i64>>(of: &Payload, name: &str) -> Option<T> {
    T::try_from(of.get(name)?.as_i64()?).ok()
}
