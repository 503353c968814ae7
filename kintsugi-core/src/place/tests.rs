//! Where paths lie.

use super::*;
use crate::effect::Modifier;
use crate::shell::{Directory, Hole, Piece, Word};

fn surroundings() -> Surroundings {
    Surroundings {
        home: Some("/home/u".to_owned()),
        project_root: Some("/home/u/p".to_owned()),
        ..Surroundings::default()
    }
}

fn word(text: &str) -> Word {
    let mut pieces = Vec::new();
    for part in text.split_inclusive(['*', '?', ']']) {
        let cut = part.find(['*', '?', '[']).unwrap_or(part.len());
        let (known, pattern) = part.split_at(cut);
        if !known.is_empty() {
            pieces.push(Piece::Text(known.to_owned()));
        }
        if !pattern.is_empty() {
            pieces.push(Piece::Glob(pattern.to_owned()));
        }
    }
    Word {
        pieces,
        ..Word::default()
    }
}

fn name(place: Place) -> String {
    serde_json::to_value(place)
        .unwrap()
        .as_str()
        .unwrap()
        .to_owned()
}

#[track_caller]
fn check(surroundings: &Surroundings, directory: &Directory, table: &[(&str, &str)]) {
    let mut wrong: Vec<String> = Vec::new();
    for (place, paths) in table {
        for path in paths.split_whitespace() {
            let found = surroundings.judge(&word(path), directory, &|_| None);
            let found = &found[0];
            if name(found.place) != *place {
                let found = format!("{} ({})", name(found.place), found.path);
                wrong.push(format!("{path}: expected {place}, found {found}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn places_from_a_project() {
    check(
        &surroundings(),
        &Directory::Known("/home/u/p".to_owned()),
        &[
            (
                "root",
                "/ // /. /.. /* /etc /usr /usr/ /home /var /boot /etc/* /usr/* /home/* ../../.. ../../../* /lib64 /root/../.. /proc/self/root /e* /[a-z]* /Users /opt /dev /dev/* /proc /sys",
            ),
            (
                "home-root",
                "~ ~/ ~/* ~/. ~/.* /home/u /home/u/* /home/other /root /root/* .. ../ ../* src/../.. /Users/x ~root ~other ~/.[!.]*",
            ),
            (
                "project-root",
                ". ./ * ./* .* ./. src/.. ../p ~/p /home/u/p/* **  .[!.]*",
            ),
            (
                "project",
                "src src/main.rs ./a.txt Cargo.toml src/* *.rs ../p/src .env.example README* docs/key.md notes.key.md .gitignore",
            ),
            (
                "build-output",
                "target target/ ./target/* node_modules dist/app.js build/x out __pycache__ src/__pycache__/a.pyc *.pyc a.o .venv/bin/x coverage .next .pytest_cache **/*.pyc x.log",
            ),
            (
                "vcs",
                ".git .git/ .git/index .git/* .GIT .git/refs/heads/main .svn",
            ),
            (
                "trigger",
                ".git/hooks .git/hooks/pre-commit .github/workflows/ci.yml .gitlab-ci.yml .envrc .husky/pre-push .vscode/tasks.json .git/config .pre-commit-config.yaml sub/.envrc Jenkinsfile",
            ),
            (
                "secret",
                ".env .env.local .env.production config/.env server.pem tls/server.key id_rsa id_ed25519 .aws/credentials ~/.ssh ~/.ssh/ ~/.ssh/id_rsa ~/.ssh/* ~/.ss?/id_rsa ~/.SSH/id_rsa ~/.netrc ~/.git-credentials ~/.pgpass ~/.aws/credentials ~/.config/gcloud ~/.azure ~/.kube/config ~/.docker/config.json ~/.npmrc ~/.pypirc ~/.gnupg ~/Library/Keychains/login.keychain-db ~/.mozilla/firefox ~/.password-store ~/.vault-token ~/.bash_history /etc/shadow /ETC/SHADOW /et*/shadow /etc/sh?dow /etc/shado* /etc/gshadow /proc/1/environ /proc/self/environ /proc/*/mem terraform.tfstate service-account.json my-service_account-key.json /proc/self/root/etc/shadow /etc/../etc/shadow //etc//shadow /./etc/./shadow /run/secrets/token",
            ),
            (
                "startup",
                "~/.bashrc ~/.zshrc ~/.profile ~/.bash_profile ~/.config/fish/config.fish ~/.config/autostart/x.desktop ~/.config/systemd/user/x.service ~/.ssh/authorized_keys ~/.ssh/config /etc/profile /etc/profile.d/x.sh /etc/ld.so.preload /etc/cron.d/x /etc/crontab /var/spool/cron/crontabs/u /etc/systemd/system/x.service /etc/pam.d/sshd /etc/sudoers.d/x /etc/rc.local /etc/init.d/x /etc/udev/rules.d/x ~/Library/LaunchAgents/x.plist ~/.pythonrc /etc/ssh/sshd_config",
            ),
            (
                "guard",
                "~/.config/kintsugi/config.toml ~/.local/share/kintsugi/log .kintsugi.toml ~/.claude/settings.json .claude/settings.local.json ~/.codex/config.toml ~/.gemini/settings.json .cursor/hooks.json /run/user/1000/kintsugi.sock /etc/kintsugi/config.toml /usr/local/bin/kintsugi /usr/bin/kintsugi-hook ~/.claude/hooks/x /etc/claude-code/managed-settings.json",
            ),
            (
                "dotfile",
                "~/.config/foo ~/.config ~/.foorc ~/.local/share/x",
            ),
            ("home", "~/Documents ~/Documents/x.txt ~/other/main.rs ~/x"),
            (
                "system",
                "/etc/hosts /etc/passwd /usr/bin/ls /var/log/syslog /opt/app /etc/sudoers /usr/local/* /tmp /boot/vmlinuz /proc/self/root/etc/hosts",
            ),
            (
                "temp",
                "/tmp/x /tmp/* /var/tmp/x /dev/shm/x /tmp/a/b.key /private/tmp/x",
            ),
            (
                "null",
                "/dev/null /dev/stdout /dev/stderr /dev/tty /dev/fd/3 /dev/zero /dev/urandom",
            ),
            (
                "device",
                "/dev/sda /dev/nvme0n1 /dev/sd* /dev/mem /dev/disk/by-id/x",
            ),
            (
                "kernel",
                "/proc/sysrq-trigger /proc/sys/kernel/x /sys/class/x",
            ),
            ("elsewhere", "/app/x /srv2/x /mnt/x /workspace/a.txt"),
        ],
    );
}

#[test]
fn the_system_accounts_file_is_not_a_secret_but_its_rights_file_is_the_systems() {
    assert_eq!(surroundings().place("/etc/sudoers"), Place::System);
}

#[test]
fn places_from_elsewhere_without_a_project() {
    let unknown = Surroundings {
        home: Some("/home/u".to_owned()),
        ..Surroundings::default()
    };
    check(
        &unknown,
        &Directory::Known("/app".to_owned()),
        &[
            ("project-root", ". * /app /app/*"),
            ("project", "x src/x /app/y"),
            ("root", ".. ../* /etc"),
        ],
    );
    check(
        &unknown,
        &Directory::Known("/".to_owned()),
        &[("root", ". * etc etc/*"), ("system", "etc/hosts")],
    );
    check(
        &unknown,
        &Directory::Known("/home/u".to_owned()),
        &[("home-root", ". *"), ("home", "x"), ("secret", ".ssh")],
    );
    check(
        &unknown,
        &Directory::Unknown,
        &[
            ("project", "x a/b"),
            ("project-root", ". *"),
            ("home-root", ".. ../.."),
            ("root", "/"),
        ],
    );
    check(
        &unknown,
        &Directory::Known("/etc".to_owned()),
        &[("system", "hosts"), ("root", ". *")],
    );
}

#[test]
fn a_home_that_is_not_known_is_still_a_home() {
    let nothing = Surroundings::default();
    check(
        &nothing,
        &Directory::Known("/w".to_owned()),
        &[
            ("home-root", "~ ~/* ~bob"),
            ("secret", "~/.ssh/id_rsa"),
            ("startup", "~/.bashrc"),
            ("home", "~/x"),
        ],
    );
}

#[test]
fn a_hole_has_its_likely_and_its_worst_reading() {
    let here = Directory::Known("/home/u/p".to_owned());
    let hole = || Piece::Hole(Hole::Variable("D".to_owned()));
    let text = |text: &str| Piece::Text(text.to_owned());
    let read = |pieces: Vec<Piece>| -> Vec<String> {
        let word = Word {
            pieces,
            ..Word::default()
        };
        let all = surroundings().judge(&word, &here, &|_| None);
        assert!(
            all.iter()
                .all(|it| it.modifiers.contains(Modifier::Unresolved))
        );
        all.into_iter()
            .map(|it| format!("{} {}", it.path, name(it.place)))
            .collect()
    };
    assert_eq!(
        read(vec![hole(), text("/"), Piece::Glob("*".into())]),
        ["$D/* unknown", "/* root"]
    );
    assert_eq!(read(vec![hole()]), ["$D unknown"]);
    assert_eq!(read(vec![text("/"), hole()]), ["/$D unknown", "/ root"]);
    assert_eq!(
        read(vec![text("/home/u/"), hole()]),
        ["/home/u/$D home", "/home/u home-root"]
    );
    assert_eq!(
        read(vec![text("/etc/"), hole()]),
        ["/etc/$D system", "/etc root"]
    );
    assert_eq!(
        read(vec![text("build/"), hole()]),
        ["/home/u/p/build/$D build-output"]
    );
    assert_eq!(
        read(vec![hole(), text("/lib")]),
        ["$D/lib unknown", "/lib root"]
    );
}

#[test]
fn variables_that_say_where_they_point_are_known() {
    let here = Directory::Known("/home/u/p".to_owned());
    for (variable, rest, expected) in [
        ("HOME", "/.ssh/id_rsa", Place::Secret),
        ("HOME", "", Place::HomeRoot),
        ("TMPDIR", "/x", Place::Temp),
        ("PWD", "/target", Place::BuildOutput),
        ("PWD", "", Place::ProjectRoot),
    ] {
        let pieces = vec![
            Piece::Hole(Hole::Variable(variable.to_owned())),
            Piece::Text(rest.to_owned()),
        ];
        let word = Word {
            pieces,
            ..Word::default()
        };
        let all = surroundings().judge(&word, &here, &|_| None);
        assert_eq!(all[0].place, expected, "${variable}{rest}");
        assert!(!all[0].modifiers.contains(Modifier::Unresolved));
    }
}

#[test]
fn a_home_is_no_project_whoever_says_so() {
    for root in ["/", "/home/u", "/root", "/etc", "/usr"] {
        let claimed = Surroundings {
            home: Some("/home/u".to_owned()),
            project_root: Some(root.to_owned()),
            ..Surroundings::default()
        };
        assert_eq!(claimed.place("/home/u"), Place::HomeRoot, "{root}");
        assert_eq!(claimed.place("/home/u/x"), Place::Home, "{root}");
        assert_eq!(claimed.place("/etc/hosts"), Place::System, "{root}");
        assert_eq!(claimed.place("/"), Place::Root, "{root}");
    }
}
