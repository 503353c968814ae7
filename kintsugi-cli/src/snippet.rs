//! A command as it was written, with the parts that matter underlined.
//!
//! Every character is shown (`kintsugi_core::display`), lines stay lines, and nothing is wider than it may be.

use kintsugi_core::display::{character_columns, push_escaped};
use kintsugi_core::effect::Span;

use crate::console::{Paint, Tone};

/// Most rows of a command that are shown where nothing is underlined.
const ROWS_MAX: usize = 24;

/// One row of the terminal.
struct Row {
    text: String,
    marks: String,
}

impl Row {
    const fn new() -> Self {
        Self {
            text: String::new(),
            marks: String::new(),
        }
    }

    fn is_marked(&self) -> bool {
        self.marks.contains('^')
    }
}

/// Returns `text` as lines of at most `columns`, each followed by a line of `^` where one of `spans` covers it.
///
/// A long text keeps its first rows and every row that is underlined; how many are left out is said.
#[must_use]
pub fn render(text: &str, spans: &[Span], columns: usize, paint: Paint) -> Vec<String> {
    of_rows(text, spans, columns, paint, ROWS_MAX)
}

/// Returns the same with every line of `text`.
#[must_use]
pub fn render_whole(text: &str, spans: &[Span], columns: usize, paint: Paint) -> Vec<String> {
    of_rows(text, spans, columns, paint, usize::MAX)
}

fn of_rows(
    text: &str,
    spans: &[Span],
    columns: usize,
    paint: Paint,
    rows_max: usize,
) -> Vec<String> {
    let rows = rows(text, spans, columns.max(1));
    let mut lines = Vec::new();
    let mut left_out = 0_usize;
    let mut shown = 0_usize;
    for row in &rows {
        if shown >= rows_max && !(row.is_marked() && shown < 2 * rows_max) {
            left_out += 1;
            continue;
        }
        if left_out > 0 {
            lines.push(paint.tone(Tone::Quiet, left_out_words(left_out)));
            left_out = 0;
        }
        shown += 1;
        lines.push(paint.tone(Tone::Strong, &row.text));
        if row.is_marked() {
            lines.push(paint.tone(Tone::Bad, row.marks.trim_end()));
        }
    }
    if left_out > 0 {
        lines.push(paint.tone(Tone::Quiet, left_out_words(left_out)));
    }
    lines
}

fn left_out_words(rows: usize) -> String {
    let plural = if rows == 1 { "" } else { "s" };
    format!("… {rows} more line{plural}")
}

fn rows(text: &str, spans: &[Span], columns: usize) -> Vec<Row> {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let mut rows = vec![Row::new()];
    let mut used = 0;
    for (offset, character) in text.char_indices() {
        if character == '\n' {
            rows.push(Row::new());
            used = 0;
            continue;
        }
        let mut shown = String::new();
        push_escaped(&mut shown, character);
        let width = shown.chars().map(character_columns).sum::<usize>();
        if used + width > columns && used > 0 {
            rows.push(Row::new());
            used = 0;
        }
        used += width;
        let mark = if spans.iter().any(|span| covers(*span, offset)) {
            "^"
        } else {
            " "
        };
        if let Some(row) = rows.last_mut() {
            row.text.push_str(&shown);
            row.marks.push_str(&mark.repeat(width));
        }
    }
    rows
}

fn covers(span: Span, offset: usize) -> bool {
    u32::try_from(offset).is_ok_and(|offset| span.start <= offset && offset < span.end)
}

/// Returns the part of `text` that `span` covers; all of it when the span does not fit the text.
#[must_use]
pub fn part(text: &str, span: Span) -> &str {
    let start = usize::try_from(span.start).unwrap_or(usize::MAX);
    let end = usize::try_from(span.end).unwrap_or(usize::MAX);
    text.get(start..end)
        .filter(|part| !part.is_empty())
        .unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str, spans: &[(u32, u32)], columns: usize) -> Vec<String> {
        let spans: Vec<_> = spans
            .iter()
            .map(|(start, end)| Span {
                start: *start,
                end: *end,
            })
            .collect();
        render(text, &spans, columns, Paint::Plain)
    }

    #[test]
    fn the_part_that_matters_is_underlined() {
        assert_eq!(
            plain("cd build && rm -rf ../src", &[(12, 25)], 80),
            ["cd build && rm -rf ../src", "            ^^^^^^^^^^^^^"]
        );
    }

    #[test]
    fn a_long_line_is_broken_and_its_underline_with_it() {
        assert_eq!(
            plain("echo abcdefgh", &[(8, 11)], 10),
            ["echo abcde", "        ^^", "fgh", "^"]
        );
    }

    #[test]
    fn underlines_stand_under_what_an_escape_shows() {
        assert_eq!(
            plain("a\u{1b}b\n漢c", &[(2, 3), (7, 8)], 20),
            ["a\\x1bb", "     ^", "漢c", "  ^"]
        );
    }

    #[test]
    fn a_long_text_keeps_what_is_underlined_and_says_what_it_left_out() {
        let text = "x\n".repeat(40) + "rm";
        let lines = plain(&text, &[(80, 82)], 20);
        assert_eq!(lines[ROWS_MAX], "… 16 more lines");
        assert_eq!(lines[ROWS_MAX + 1..], ["rm", "^^"]);
        let lines = plain(&"x\n".repeat(25), &[], 20);
        assert_eq!(lines.last().unwrap(), "… 1 more line");
    }

    #[test]
    fn a_span_that_does_not_fit_means_the_whole() {
        let span = |start, end| Span { start, end };
        assert_eq!(part("größe", span(0, 2)), "gr");
        assert_eq!(part("größe", span(0, 3)), "größe");
        assert_eq!(part("rm", span(1, 9)), "rm");
        assert_eq!(part("rm", span(1, 1)), "rm");
    }
}
