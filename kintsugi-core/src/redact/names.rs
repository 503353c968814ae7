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
    let words = words(name);
    let Some((last, before)) = words.split_last() else {
        return false;
    };
    // `pwd`, `pass` and `auth` alone are a directory, a verb and a subcommand; `PWD` is no secret,
    // `MYSQL_PWD` is.
    // `_auth` of `.npmrc` is a password in base64.
    let alone = before.is_empty()
        && name != "_auth"
        && matches!(last.as_str(), "pwd" | "pass" | "pat" | "auth" | "pin");
    if alone {
        return false;
    }
    if last == "key" {
        return before
            .last()
            .is_some_and(|word| KEY_OF.contains(&word.as_str()));
    }
    if last == "id" || last == "base64" {
        // `AWS_SECRET_ACCESS_KEY_ID` is none, a `session_id` is; an encoded secret still is one.
        return match before.last().map(String::as_str) {
            Some("session") => last == "id",
            Some(word) => last == "base64" && SECRET.contains(&word),
            None => false,
        };
    }
    SECRET.contains(&last.as_str())
        || ENDS.iter().any(|end| last.ends_with(end))
        || is_numbered(last, before)
}

/// `TOKEN_1`, `password2`.
fn is_numbered(last: &str, before: &[String]) -> bool {
    let bare = last.trim_end_matches(|letter: char| letter.is_ascii_digit());
    if bare.is_empty() {
        return before
            .last()
            .is_some_and(|word| SECRET.contains(&word.as_str()));
    }
    bare != last && (bare == "password" || bare == "token" || bare == "secret")
}

/// Splits a name at `_`, `-`, `.` and where a capital follows a small letter; all in small letters.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut after_small = false;
    for letter in name.chars() {
        let ends = !letter.is_alphanumeric() || after_small && letter.is_uppercase();
        if ends && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if letter.is_alphanumeric() {
            word.push(letter.to_ascii_lowercase());
        }
        after_small = letter.is_lowercase() || letter.is_ascii_digit();
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
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
