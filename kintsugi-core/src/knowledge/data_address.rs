//! Program text that stands in an address: `import('data:text/javascript,…')`.

/// Most texts of one program text.
const TEXTS_MAX: usize = 16;

/// The texts of modules that stand in an address: `import('data:text/javascript,…')`, as they are or in base64 (RFC 2397).
pub(super) fn modules(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for kind in ["data:text/javascript", "data:application/javascript"] {
        for behind in text.split(kind).skip(1) {
            let Some((about, code)) = behind.split_once(',') else {
                continue;
            };
            let code = code.replace("\\\"", "\"").replace("\\'", "'");
            let end = code.find(['"', '\'', '`']).unwrap_or(code.len());
            let plain = code.get(..end).unwrap_or_default();
            found.push(if about.ends_with(";base64") {
                let bytes = data_encoding::BASE64.decode(plain.as_bytes());
                let bytes = bytes.unwrap_or_default();
                String::from_utf8_lossy(&bytes).into_owned()
            } else {
                // What is written out may have quotes of its own.
                unescaped(if plain.contains('%') { plain } else { &code })
            });
        }
    }
    found.truncate(TEXTS_MAX);
    found
}

/// The text behind `%22` and its like (RFC 3986, 2.1).
pub(super) fn unescaped(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut ahead = rest.clone();
        let pair = (byte == b'%').then(|| [ahead.next(), ahead.next()]);
        let digits = pair.and_then(|[high, low]| {
            let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
            u8::try_from(digit(high)? * 16 + digit(low)?).ok()
        });
        match digits {
            Some(decoded) => {
                bytes.push(decoded);
                rest = ahead;
            }
            None => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_an_address_is_read_however_it_is_written() {
        for text in [
            "import('data:text/javascript,f()')",
            "import(\"data:text/javascript,f%28%29\")",
            "import(`data:application/javascript;charset=utf-8;base64,ZigpCg==`)",
        ] {
            let found = modules(text);
            assert!(
                found.iter().any(|it| it.starts_with("f()")),
                "{text}: {found:?}"
            );
        }
        assert!(modules("import('./x.js')").is_empty());
        assert_eq!(unescaped("a%2"), "a%2");
    }
}
