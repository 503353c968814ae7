//! Text in an embedded language.
#![no_main]

use kintsugi_core::effect::Span;
use kintsugi_core::knowledge::embedded;
use kintsugi_core::knowledge::schema::Language;
use kintsugi_core::limits::WORK_MAX;
use kintsugi_core::shell::{Budget, Word};
use libfuzzer_sys::fuzz_target;

const LANGUAGES: [Language; 15] = [
    Language::Sql, Language::Python, Language::Javascript, Language::Perl, Language::Ruby, Language::Php,
    Language::Awk, Language::Sed, Language::Mongo, Language::Redis, Language::Ex, Language::Lisp, Language::Gdb, Language::Tcl, Language::Other,
];

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    let language = LANGUAGES[usize::from(*first) % LANGUAGES.len()];
    let text = Word::text(String::from_utf8_lossy(rest), Span::default());
    drop(embedded::read(language, &text, &mut Budget::new(WORK_MAX)));
});
