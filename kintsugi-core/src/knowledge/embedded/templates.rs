//! Texts with places for values: `format!("{}/{name}", home)` of Rust, `glue("{home}/x")` of R.

use super::effects::Call;
use super::script::Script;
use super::value::Value;
use crate::effect::Feed;

/// Most places of one text that are filled.
const PLACES_MAX: usize = 16;

impl Script<'_> {
    /// The text that a call makes of a template: what stands in braces is a name, a number or the next argument (Rust 1.82, `std::fmt`; glue 1.8).
    pub(super) fn filled(&self, call: &Call<'_>) -> Value {
        let first = call.argument(0);
        let Some(template) = first.known() else {
            return first;
        };
        if !template.contains('{') {
            let given: Vec<Value> = call.positional().skip(1).cloned().collect();
            return first.format(&["%s", "%d", "%c"], &given);
        }
        let mut given = call.positional().skip(1);
        let mut value = Value::text("");
        let mut rest = template.as_str();
        for _ in 0..PLACES_MAX {
            let Some((before, behind)) = rest.split_once('{') else {
                break;
            };
            value = value.then("", &Value::text(before));
            if let Some(behind) = behind.strip_prefix('{') {
                value = value.then("", &Value::text("{"));
                rest = behind;
                continue;
            }
            let Some((inside, behind)) = behind.split_once('}') else {
                break;
            };
            let name = inside.split(':').next().unwrap_or_default().trim();
            let part = if name.is_empty() {
                given.next().cloned()
            } else if let Ok(number) = name.parse::<usize>() {
                call.positional().nth(number.saturating_add(1)).cloned()
            } else {
                call.keyword(name).or_else(|| self.names.get(name)).cloned()
            };
            let part = part.unwrap_or_else(|| Value::unknown(Feed::Nothing));
            value = value.then("", &part);
            rest = behind;
        }
        value.then("", &Value::text(rest))
    }
}
