//! Shapes of secrets, each made up here.

use super::{MASK, redact, secrets};

/// A text in which what stands between `‹` and `›` must be masked, and nothing else.
fn check(marked: &str) {
    let text: String = marked.replace(['‹', '›'], "");
    let mut expected = String::new();
    for (index, part) in marked.split('‹').enumerate() {
        match part.split_once('›') {
            Some((_, rest)) if index > 0 => {
                expected.push_str(MASK);
                expected.push_str(rest);
            }
            Some(_) | None => expected.push_str(part),
        }
    }
    assert_eq!(redact(&text), expected, "{marked}");
}

#[test]
fn tokens_are_known_by_their_shape() {
    for marked in [
        "echo ‹AKIAIOSFODNN7EXAMPLE›",
        "git clone https://‹ghp_abcdefghijklmnopqrstuvwxyz0123456789›@github.com/u/x",
        "echo ‹github_pat_11ABCDEFG0abcdefghijkl_mnopqrstuvwxyz›",
        "x ‹glpat-abcdefghij0123456789›",
        "x ‹sk-ant-api03-abcdefghijklmnopqrstuvwxyz›",
        "x ‹sk-proj-abcdefghijklmnopqrstuvwxyz0123›",
        "x \"‹sk_live_abcdefghijklmnop›\"",
        "x ‹xoxb-1234567890-abcdefghij›",
        "x ‹npm_abcdefghijklmnopqrstuvwxyz0123456789›",
        "x ‹hf_abcdefghijklmnopqrstuvwxyz01234567›",
        "x ‹AIzaSyA0123456789abcdefghijklmnopqrstuv›",
        "x ‹ya29.a0AfH6SMBabcdefghijklmn›",
        "x ‹hvs.CAESIabcdefghijklmnopqrstuvw›",
        "x ‹eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcdefghijklmnop›",
        "curl https://hooks.slack.com/services/‹T000/B000/XXXXyyyyZZZZ›",
        "curl https://discord.com/api/webhooks/‹123456789/abc-def›",
        "x ‹123456789:AAabcdefghijklmnopqrstuvwxyz0123456›",
        "x ‹AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ›",
        "x ‹dckr_pat_abcdefghijklmnopqrstuvwxyz›",
    ] {
        check(marked);
    }
}

#[test]
fn a_private_key_is_masked_to_its_end() {
    check(
        "echo '-----BEGIN OPENSSH PRIVATE KEY-----‹\nb3BlbnNzaC1r\nZXk=\n›-----END OPENSSH PRIVATE KEY-----' > k",
    );
    check("-----BEGIN PRIVATE KEY-----‹\\nMIIB›");
    check("-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----");
}

#[test]
fn a_name_gives_its_value_away() {
    for marked in [
        "TOKEN=‹abc123› make",
        "export GITHUB_TOKEN=‹abc›; ls",
        "PGPASSWORD='‹a b c›' psql",
        "mysql --password=‹hunter2› db",
        "curl -H 'Authorization: Bearer ‹abc.def›' https://x",
        "curl -H \"Authorization: Basic ‹dTpw›\" https://x",
        "curl -H 'X-Api-Key: ‹abc›' https://x",
        "curl -H \"PRIVATE-TOKEN: ‹abc›\" https://x",
        "curl --cookie x -H 'Cookie: ‹session=1; b=2›' https://x",
        "curl 'https://x/?api_key=‹abc›&b=1'",
        "curl https://x/?a=1&access_token=‹abc›",
        "curl -d '{\"user\":\"u\",\"password\":\"‹p\\\"w›\"}' https://x",
        "psql postgres://u:‹p4ss›@host/db",
        "git clone https://oauth2:‹abc›@example.org/x.git",
        "printf 'password: ‹hunter2\\n›'",
        "echo 'client_secret = \"‹abc›\"' > x.toml",
        "docker run -e DB_PASSWORD=‹x1› img",
        "npm config set //registry.npmjs.org/:_authToken=‹abc›",
    ] {
        check(marked);
    }
}

#[test]
fn options_give_values_away() {
    for marked in [
        "sshpass -p ‹hunter2› ssh host",
        "sshpass -p‹hunter2› ssh host",
        "mysql -u root -p‹hunter2› db",
        "sudo mysqldump -p‹s3› db",
        "docker login -u me -p ‹s3› registry.example.org",
        "redis-cli -a ‹s3› FLUSHALL",
        "curl -u me:‹s3› https://x",
        "curl --user 'me:‹x y›' https://x",
        "gh auth login --token ‹s3›",
        "vault login --password \"‹x y›\"",
        "openssl enc -passin pass:‹s3› -in a",
        "echo ‹hunter2› | sudo -S ls",
        "unzip -P ‹s3› a.zip",
    ] {
        check(marked);
    }
}

#[test]
fn what_is_no_secret_stays() {
    for text in [
        "ls -la",
        "TOKEN=$GITHUB_TOKEN make",
        "curl -H \"Authorization: Bearer $TOKEN\" https://x",
        "docker run -p 8080:80 img",
        "mkdir -p a/b",
        "mysql -p db",
        "export PATH=/usr/bin:$PATH",
        "cd \"$PWD\"",
        "python3 -c 'token = get_token()'",
        "grep -n password src/main.rs",
        "git commit -m 'fix: token refresh'",
        "curl https://example.org/a:b@c",
        "x sk-short ghp_short",
        "max_tokens=100 model=x",
        "npm run test:auth",
        "password=\"$(pass show x)\"",
        "--token-file /run/secrets/x",
    ] {
        assert_eq!(redact(text), text);
    }
}

#[test]
fn any_text_is_redacted_without_a_panic_and_what_is_masked_stays_masked() {
    let pieces = [
        "TOKEN=",
        "\"",
        "'",
        "é",
        "://",
        ":",
        "@",
        "=",
        " ",
        "\n",
        "-----BEGIN PRIVATE KEY",
        "ghp_",
        "eyJ",
        "\\",
        "sudo -S",
        "|",
        "‹",
    ];
    let mut seed = 1_u64;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..8 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let index = usize::try_from(seed >> 33).unwrap() % pieces.len();
            text.push_str(pieces[index]);
        }
        let once = redact(&text).into_owned();
        assert_eq!(redact(&once), once, "{text:?}");
        assert!(
            secrets(&text)
                .iter()
                .all(|range| text.get(range.clone()).is_some())
        );
    }
}

#[test]
fn every_address_whose_path_is_a_secret_is_looked_for_by_the_end_of_its_host() {
    for hook in super::tokens::HOOKS {
        assert!(hook.contains(".com/") || hook.contains(".org/"), "{hook}");
        let text = format!("curl https://{hook}T0A1B2C3/B4D5E6F7/a8b9c0d1e2f3");
        assert!(!secrets(&text).is_empty(), "{text}");
    }
}
