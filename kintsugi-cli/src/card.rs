//! The card: what a person must know to answer. One renderer for the prompt, `pending`, `check` and agents.

use std::borrow::Cow;

use kintsugi_core::capture;
use kintsugi_core::classify::{Class, Ground, Turn};
use kintsugi_core::display::{clip, columns, describe, escape};
use kintsugi_core::effect::{Effect, Span};
use kintsugi_core::proposal::ProposedCommand;
use kintsugi_core::protocol::{PendingItem, Scored, Verdict};
use kintsugi_core::redact::redact;
use kintsugi_core::rules::Finding;
use kintsugi_core::scorer::EXPLANATION_BYTES_MAX;

use crate::console::{COLUMNS_MIN, Paint, Tone};
use crate::snippet;

/// Most effects and findings that are listed, each; how many more there are is said.
const LISTED_MAX: usize = 6;

/// Columns of the labels, their gap included.
const LABEL_COLUMNS: usize = 9;

/// Fewest columns at which labels stand beside what they name; below, they stand above it.
const BESIDE_COLUMNS: usize = 44;

/// Everything that a card can say about a command.
#[derive(Debug, Clone, Copy)]
pub struct Card<'a> {
    /// The command and who proposed it.
    pub command: &'a ProposedCommand,
    /// Whether anybody proposed it; else somebody only asks what would be.
    pub proposed: bool,
    /// What the rules say.
    pub class: Class,
    /// The estimate for the ambiguous.
    pub risk: Option<u8>,
    /// What scored it, where a model is in force.
    pub scored: Option<&'a Scored>,
    /// What a model said about it, and which; nothing that anybody decided by.
    pub said: Option<(&'a str, &'a str)>,
    /// Why, in one line.
    pub reason: &'a str,
    /// Every rule that applied.
    pub findings: &'a [Finding],
    /// What it would do.
    pub effects: &'a [Effect],
    /// The facts that had a say.
    pub grounds: &'a [Ground],
    /// A safer command.
    pub instead: Option<&'a str>,
    /// How long the hold lasts, in milliseconds.
    pub expires_ms: Option<u64>,
    /// Whether everything is listed, however much it is.
    pub whole: bool,
}

impl<'a> Card<'a> {
    /// The card of a proposal and its verdict.
    #[must_use]
    pub fn of_verdict(command: &'a ProposedCommand, verdict: &'a Verdict) -> Self {
        Self {
            command,
            proposed: true,
            class: verdict.class,
            risk: verdict.risk,
            scored: verdict.scored.as_ref(),
            said: None,
            reason: &verdict.reason,
            findings: &verdict.findings,
            effects: &verdict.effects,
            grounds: &verdict.grounds,
            instead: verdict.instead.as_deref(),
            expires_ms: verdict.expires_ms,
            whole: false,
        }
    }

    /// The card of a hold.
    #[must_use]
    pub fn of_pending(item: &'a PendingItem) -> Self {
        Self {
            command: &item.command,
            proposed: true,
            class: item.class,
            risk: None,
            scored: item.scored.as_ref(),
            said: item.summary.as_deref().zip(item.summary_by.as_deref()),
            reason: &item.reason,
            findings: &item.findings,
            effects: &item.effects,
            grounds: &[],
            instead: item.instead.as_deref(),
            expires_ms: item.expires_ms,
            whole: false,
        }
    }

    /// The same card with nothing left out.
    #[must_use]
    pub const fn whole(self) -> Self {
        Self {
            whole: true,
            ..self
        }
    }

    const fn most(&self) -> usize {
        if self.whole { usize::MAX } else { LISTED_MAX }
    }

    /// Returns the card as lines of at most `width` columns, title first.
    #[must_use]
    pub fn render(&self, title: &str, answer: &[String], width: usize, paint: Paint) -> String {
        let width = width.max(COLUMNS_MIN);
        let mut page = Page::new(width, paint);
        page.title(title, self.class, self.risk);
        page.gap();
        let text = self.text();
        let snippet = if self.whole {
            snippet::render_whole(&text, &self.spans(), width - 2, paint)
        } else {
            snippet::render(&text, &self.spans(), width - 2, paint)
        };
        page.indented(snippet);
        page.gap();
        let (label, origin) = self.origin();
        page.row(label, &[origin], Tone::Quiet);
        page.row("does", &self.deeds(), Tone::Strong);
        page.row("because", &self.causes(), Tone::Warn);
        page.row("scored", &self.scored.and_then(scores), Tone::Quiet);
        page.row("model", &self.said.map(words), Tone::Quiet);
        page.row("facts", &self.facts(), Tone::Quiet);
        let (undo, tone) = self.undo();
        page.row("undo", &undo, tone);
        page.row("instead", &self.instead.map(escape), Tone::Good);
        page.row("lasts", &self.expires_ms.map(lasting), Tone::Quiet);
        page.row("answer", answer, Tone::Strong);
        page.text
    }

    /// The command with its secrets masked; places in it are those of the verdict.
    fn text(&self) -> Cow<'_, str> {
        redact(&self.command.raw)
    }

    /// Where a finding applies; not underlined when it is the whole line, which says nothing.
    fn spans(&self) -> Vec<Span> {
        let text = self.text();
        let whole = text.trim_end().len();
        self.findings
            .iter()
            .map(|finding| finding.span)
            .filter(|span| snippet::part(&text, *span).len() < whole)
            .collect()
    }

    fn origin(&self) -> (&'static str, String) {
        let directory = escape(&self.command.cwd);
        if !self.proposed {
            return ("in", directory);
        }
        let mut words = escape(&self.command.agent);
        if let Some(tool) = &self.command.tool {
            words = format!("{words} ({})", escape(tool));
        }
        if let Some(session) = &self.command.session {
            words = format!("{words}, session {}", clip(&escape(session), 12));
        }
        ("from", format!("{words}, in {directory}"))
    }

    /// The effects in words: those that a finding is about, else all.
    fn deeds(&self) -> Vec<String> {
        let concerns = |effect: &&Effect| {
            self.findings
                .iter()
                .any(|finding| overlap(finding.span, effect.span))
        };
        let mut effects: Vec<_> = self.effects.iter().filter(concerns).collect();
        if effects.is_empty() {
            effects = self.effects.iter().collect();
        }
        listed(self.most(), effects.into_iter().map(describe))
    }

    /// The findings without those that only say less about the same part: of one field, the most severe speaks.
    fn telling(&self) -> impl Iterator<Item = &Finding> {
        let field = |finding: &Finding| finding.rule.split('.').next().map(str::to_owned);
        self.findings
            .iter()
            .enumerate()
            .filter_map(move |(at, finding)| {
                let mut stronger = self.findings.iter().take(at);
                let said = stronger
                    .any(|other| other.span == finding.span && field(other) == field(finding));
                (self.whole || !said).then_some(finding)
            })
    }

    /// The findings in words, each with the part of the line it is about; the reason when there are none.
    fn causes(&self) -> Vec<String> {
        if self.findings.is_empty() {
            return vec![escape(self.reason)];
        }
        let text = self.text();
        listed(
            self.most(),
            self.telling().map(|finding| {
                let most = if self.whole { usize::MAX } else { 40 };
                let part = clip(&escape(snippet::part(&text, finding.span)), most);
                format!(
                    "`{part}` {} [{}]",
                    escape(&finding.reason),
                    escape(&finding.rule)
                )
            }),
        )
    }
}

/// Returns each text once, `most` at most, and how many are left out.
fn listed(most: usize, texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut distinct: Vec<String> = Vec::new();
    for text in texts {
        if !distinct.contains(&text) {
            distinct.push(text);
        }
    }
    if distinct.len() > most {
        let more = distinct.len() - most + 1;
        distinct.truncate(most - 1);
        distinct.push(format!("… and {more} more"));
    }
    distinct
}

impl Card<'_> {
    /// Whether it can be undone: said before anybody approves it.
    fn undo(&self) -> (Option<String>, Tone) {
        let mut reasons: Vec<String> = capture::beyond_recall(self.effects)
            .into_iter()
            .map(str::to_owned)
            .collect();
        reasons.extend(self.command.cannot_keep().map(escape));
        if !reasons.is_empty() {
            return (
                Some(format!("cannot be undone: {}", reasons.join(", "))),
                Tone::Bad,
            );
        }
        let facts = self.command.facts.as_ref();
        let kept = facts.and_then(|facts| facts.capture.as_ref());
        let kept = kept.filter(|kept| kept.files > 0).map(|kept| {
            let files = match kept.files {
                1 => "1 file".to_owned(),
                count => format!("{count} files"),
            };
            let size = crate::capture::size(kept.bytes);
            format!("`kintsugi undo` brings it back: {files}, {size} are kept first")
        });
        (kept, Tone::Quiet)
    }

    /// What was found out, and what that did to the answer. What a finding already tells is not told again.
    fn facts(&self) -> Vec<String> {
        let told = |ground: &&Ground| match ground.turn {
            Turn::Calms | Turn::Read => true,
            Turn::Alarms | Turn::Stands => !self
                .findings
                .iter()
                .any(|finding| finding.reason.contains(&ground.says)),
        };
        listed(
            LISTED_MAX,
            self.grounds.iter().filter(told).map(|ground| {
                let about = clip(&escape(&ground.about), 60);
                let turn = match (ground.turn, &ground.rule) {
                    (Turn::Calms, Some(rule)) => format!(", so {} does not apply", escape(rule)),
                    (Turn::Calms | Turn::Alarms | Turn::Stands | Turn::Read, _) => String::new(),
                };
                format!("`{about}`: {}{turn}", escape(&ground.says))
            }),
        )
    }
}

/// Returns what the model had to say beside the heuristic; nothing when it was not asked.
fn scores(scored: &Scored) -> Option<String> {
    let heuristic = format!("{} of 100 by the heuristic", scored.heuristic);
    match (scored.model, scored.why) {
        (Some(risk), _) => Some(format!("{heuristic}, {risk} by {}", escape(&scored.by))),
        (None, Some(why)) => Some(format!("{heuristic} alone ({})", why.as_str())),
        (None, None) => None,
    }
}

/// Returns a model's words, marked as no more than that. They come from outside, and are escaped and masked like a command.
fn words((said, by): (&str, &str)) -> String {
    let said = clip(&escape(&redact(said)), EXPLANATION_BYTES_MAX);
    let by = escape(by);
    format!("says \u{201c}{said}\u{201d} (words of {by}, by which nothing was decided)")
}

const fn overlap(one: Span, other: Span) -> bool {
    one.start < other.end && other.start < one.end
}

fn lasting(milliseconds: u64) -> String {
    format!("{}, then it is denied", duration(milliseconds))
}

/// Returns a time span in its two largest units: `7 h 30 min`, `45 s`.
///
/// Rounded to whole seconds, so that what was just begun with 8 h is not told as 7 h 59 min.
#[must_use]
pub fn duration(milliseconds: u64) -> String {
    let seconds = milliseconds.saturating_add(500) / 1_000;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, 0) => format!("{hours} h"),
        (0, _, _) => format!("{hours} h {minutes} min"),
        (_, 0, _) => format!("{days} d"),
        (_, _, _) => format!("{days} d {hours} h"),
    }
}

/// Returns the word for a class.
#[must_use]
pub const fn class_word(class: Class) -> &'static str {
    match class {
        Class::Safe => "safe",
        Class::Ambiguous => "ambiguous",
        Class::Catastrophic => "catastrophic",
    }
}

/// Returns how serious a class is to its reader.
#[must_use]
pub const fn class_tone(class: Class) -> Tone {
    match class {
        Class::Safe => Tone::Good,
        Class::Ambiguous => Tone::Warn,
        Class::Catastrophic => Tone::Bad,
    }
}

/// The lines of a card while they are written.
struct Page {
    text: String,
    width: usize,
    paint: Paint,
}

impl Page {
    const fn new(width: usize, paint: Paint) -> Self {
        Self {
            text: String::new(),
            width,
            paint,
        }
    }

    fn gap(&mut self) {
        self.text.push('\n');
    }

    fn title(&mut self, title: &str, class: Class, risk: Option<u8>) {
        let risk = risk.map_or(String::new(), |risk| format!(", risk {risk} of 100"));
        let title = format!("{title} ({}{risk})", class_word(class));
        for line in wrap(&title, self.width) {
            self.push("", &self.paint.tone(class_tone(class), line));
        }
    }

    fn indented(&mut self, lines: Vec<String>) {
        for line in lines {
            self.push("  ", &line);
        }
    }

    /// Writes a label and its values; nothing when there are none.
    fn row<'v>(&mut self, label: &str, values: impl IntoIterator<Item = &'v String>, tone: Tone) {
        let beside = self.width >= BESIDE_COLUMNS;
        let indent = if beside { 2 + LABEL_COLUMNS } else { 4 };
        let mut label = Some(label);
        for value in values {
            for line in wrap(value, self.width - indent) {
                let margin = match (label.take(), beside) {
                    (Some(label), true) => {
                        let label = format!("{label:<LABEL_COLUMNS$}");
                        format!("  {}", self.paint.tone(Tone::Quiet, label))
                    }
                    (Some(label), false) => {
                        self.push("  ", &self.paint.tone(Tone::Quiet, label));
                        " ".repeat(indent)
                    }
                    (None, _) => " ".repeat(indent),
                };
                self.push(&margin, &self.paint.tone(tone, line));
            }
        }
    }

    fn push(&mut self, margin: &str, line: &str) {
        self.text.push_str(margin);
        self.text.push_str(line);
        self.text.push('\n');
    }
}

/// Returns `text` as lines of at most `width` columns, broken at spaces where there are any.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let mut word = word;
        loop {
            let Some(line) = lines.last_mut() else {
                return lines;
            };
            let gap = usize::from(!line.is_empty());
            if columns(line) + gap + columns(word) <= width {
                if gap == 1 {
                    line.push(' ');
                }
                line.push_str(word);
                break;
            }
            if line.is_empty() {
                let (head, tail) = break_word(word, width);
                line.push_str(head);
                word = tail;
            }
            lines.push(String::new());
        }
    }
    lines
}

/// Splits a word that is wider than a line.
fn break_word(word: &str, width: usize) -> (&str, &str) {
    let mut used = 0;
    for (offset, character) in word.char_indices() {
        used += kintsugi_core::display::character_columns(character);
        if used > width && offset > 0 {
            return word.split_at(offset);
        }
    }
    (word, "")
}

#[cfg(test)]
mod tests;
