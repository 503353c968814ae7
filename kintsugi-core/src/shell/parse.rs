//! Text → syntax tree. The only file that calls the parser.

use brush_parser::{ParserOptions, ast, parse_tokens, uncached_tokenize_str};

use super::{Dialect, guard};

/// Parses `text`.
///
/// # Errors
///
/// Says what cannot be read, as a noun phrase.
pub(super) fn parse(text: &str, dialect: Dialect) -> Result<ast::Program, String> {
    let survey = guard::survey(text)?;
    let mut closed = std::borrow::Cow::Borrowed(text);
    for document in &survey.open {
        let text = closed.to_mut();
        if !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(&document.delimiter);
        text.push('\n');
    }
    if closed.contains('\r') {
        closed = closed.replace("\r\n", "\n").into();
    }
    match attempt(&closed, dialect) {
        Ok(program) => Ok(program),
        // What zsh and interactive shells accept beyond the grammar, tried only when the grammar refuses.
        Err(error) => relaxed(&closed)
            .and_then(|text| attempt(&text, dialect).ok())
            .ok_or(error),
    }
}

fn attempt(text: &str, dialect: Dialect) -> Result<ast::Program, String> {
    let options = ParserOptions {
        enable_extended_globbing: dialect != Dialect::Posix,
        posix_mode: false,
        sh_mode: false,
        ..ParserOptions::default()
    };
    let tokens = uncached_tokenize_str(text, &options.tokenizer_options())
        .map_err(|error| format!("text that is no shell command ({error})"))?;
    parse_tokens(&tokens, &options)
        .map_err(|error| format!("text that is no shell command ({error})"))
}

/// Drops what changes nothing: separators that are doubled or stand at the end of a line on their own.
fn relaxed(text: &str) -> Option<String> {
    let trimmed = text.trim_end().trim_end_matches([';', '&', '|']).trim_end();
    let relaxed = trimmed.replace(";;\n", ";\n").replace("&;", "& ");
    (relaxed != text).then_some(relaxed)
}
