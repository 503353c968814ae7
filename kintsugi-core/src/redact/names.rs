//! Names whose values are secrets: `GITHUB_TOKEN`, `db.password`, `apiKey`.

/// Words of which the last one or two of a name make its value a secret.
const SECRET: [&str; 20] = [
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "secret",
    "token",
    "apikey",
    "credential",
    "credentials",
    "authorization",
    "cookie",
    "jwt",
    "bearer",
    "signature",
    "pwd",
    "pass",
    "pat",
    "auth",
    "psk",
    "pin",
];

/// Words that mean a secret only in front of `key`.
const KEY_OF: [&str; 24] = [
    "api",
    "access",
    "private",
    "secret",
    "account",
    "encryption",
    "signing",
    "master",
    "deploy",
    "storage",
    "shared",
    "ssh",
    "service",
    "admin",
    "app",
    "jwt",
    "hmac",
    "license",
    "subscription",
    "functions",
    "instrumentation",
    "consumer",
    "preshared",
    "webhook",
];

/// Ends of words that are written together: `PGPASSWORD`, `dbpassword`, `accesstoken`.
const ENDS: [&str; 7] = [
    "password",
    "passwd",
    "secret",
    "token",
    "apikey",
    "passphrase",
    "secretkey",
];

/// Whether the value of something called `name` is a secret.
pub(super) fn is_secret(name: &str) -> bool {
    let Some((before, last)) = last_words(name) else {
        return false;
    };
    let is = |word: &str, one_of: &[&str]| one_of.iter().any(|one| word.eq_ignore_ascii_case(one));
    // `pwd`, `pass` and `auth` alone are a directory, a verb and a subcommand; `PWD` is no secret,
    // `MYSQL_PWD` is.
    // `_auth` of `.npmrc` is a password in base64.
    let alone = before.is_none() && name != "_auth";
    if alone && is(last, &["pwd", "pass", "pat", "auth", "pin"]) {
        return false;
    }
    if is(last, &["key"]) {
        return before.is_some_and(|word| is(word, &KEY_OF));
    }
    // `AWS_SECRET_ACCESS_KEY_ID` is none, a `session_id` is; an encoded secret still is one.
    if is(last, &["id"]) {
        return before.is_some_and(|word| is(word, &["session"]));
    }
    if is(last, &["base64"]) {
        return before.is_some_and(|word| is(word, &SECRET));
    }
    // `TOKEN_1`, `password2`.
    let bare = last.trim_end_matches(|letter: char| letter.is_ascii_digit());
    if bare.is_empty() {
        return before.is_some_and(|word| is(word, &SECRET));
    }
    is(last, &SECRET)
        || ENDS.iter().any(|end| ends_with(last, end))
        || bare != last && is(bare, &["password", "token", "secret"])
}

fn ends_with(word: &str, end: &str) -> bool {
    let start = word.len().checked_sub(end.len());
    start
        .and_then(|start| word.as_bytes().get(start..))
        .is_some_and(|tail| tail.eq_ignore_ascii_case(end.as_bytes()))
}

/// Returns the last word of a name, and the one before it if there is one. A name is split at `_`, `-`, `.` and where a capital
/// follows a small letter.
fn last_words(name: &str) -> Option<(Option<&str>, &str)> {
    let (mut before, mut last): (Option<&str>, Option<&str>) = (None, None);
    let mut begin = None;
    let mut after_small = false;
    for (at, letter) in name.char_indices().chain([(name.len(), '_')]) {
        let ends = !letter.is_alphanumeric() || after_small && letter.is_uppercase();
        if ends && let Some(begin) = begin.take() {
            before = last;
            last = name.get(begin..at);
        }
        if letter.is_alphanumeric() {
            begin.get_or_insert(at);
        }
        after_small = letter.is_lowercase() || letter.is_ascii_digit();
    }
    last.map(|last| (before, last))
}

#[cfg(test)]
mod tests {
    use super::is_secret;

    #[test]
    fn a_name_tells_whether_its_value_is_a_secret() {
        for name in [
            "password",
            "PGPASSWORD",
            "MYSQL_PWD",
            "GITHUB_TOKEN",
            "apiKey",
            "api-key",
            "X-Api-Key",
            "aws_secret_access_key",
            "client.secret",
            "DB_PASS",
            "access_token",
            "Authorization",
            "SECRET_KEY",
            "TOKEN_1",
            "dbpassword",
            "NPM_AUTH_TOKEN",
            "cookie",
            "session_id",
            "PRIVATE-TOKEN",
            "X-Amz-Signature",
            "OPENAI_API_KEY",
            "AZURE_STORAGE_KEY",
            "stripeSecretKey",
            "_auth_token",
            "password2",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in [
            "PWD",
            "OLDPWD",
            "PATH",
            "max_tokens",
            "tokenizer",
            "key",
            "KEY",
            "public_key",
            "TOKEN_FILE",
            "password_file",
            "SECRET_NAME",
            "AWS_ACCESS_KEY_ID",
            "author",
            "monkey",
            "auth",
            "pass",
            "passed",
            "token_count",
            "keyboard",
            "hotkey",
            "primary_key",
            "",
            "_",
        ] {
            assert!(!is_secret(name), "{name}");
        }
    }
}
