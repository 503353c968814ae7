//! The item that `New-Item` returns: `$t = New-Item -ItemType Directory (Join-Path $env:TEMP x)` (New-Item, PowerShell 7.4, "Outputs").

use super::Reader;
use super::values::Value;

impl Reader<'_> {
    /// Makes the path of a new item, which is what its name says elsewhere, of a value that is nothing but what `New-Item` returns.
    pub(super) fn name_new_item(&mut self, value: &mut Value, out: &mut String) {
        let Some((written, path)) = self.new_item.take() else {
            return;
        };
        let inner = value
            .word
            .strip_prefix("\"$(")
            .and_then(|it| it.strip_suffix(")\""));
        if inner.map(str::trim_end) == Some(written.as_str()) {
            out.push_str(&[&written, "\n"].concat());
            value.word = path;
        }
    }
}

/// The path of the directory or file that the words of `New-Item` make, when they name one.
pub(super) fn path_of(name: &str, words: &[String]) -> Option<String> {
    if name != "New-Item" {
        return None;
    }
    let (mut path, mut kind) = (None, None);
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        match word.to_ascii_lowercase().as_str() {
            "-path" => path = rest.next(),
            "-itemtype" | "-type" => kind = rest.next(),
            "-force" => {}
            "-value" | "-erroraction" => {
                rest.next();
            }
            option if option.starts_with('-') => return None,
            _ if path.is_none() => path = Some(word),
            _ => return None,
        }
    }
    let kind = kind?.trim_matches('\'').to_ascii_lowercase();
    let is_plain = matches!(kind.as_str(), "directory" | "file");
    // Several values stand behind one another where commas were.
    let is_one = |path: &&String| {
        path.starts_with("\"$(") && path.ends_with(")\"") || !path.contains([',', '*', ' '])
    };
    path.filter(|path| is_plain && is_one(path)).cloned()
}
