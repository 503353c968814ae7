//! What a line made may be taken away by it, and what may have been there before may not.

use crate::knowledge::testing::effects;

const LOST: [&str; 6] = [
    "delete database",
    "delete branch",
    "delete resource",
    "delete table",
    "delete device",
    "delete config",
];

#[test]
fn what_the_line_made_it_may_take_away() {
    for text in [
        "createdb trial_4 && psql trial_4 -f schema.sql && dropdb trial_4",
        "createdb trial_4 && { psql trial_4 -f schema.sql; dropdb trial_4; }",
        "createdb trial_4 || exit 1; psql trial_4 -f a.sql; dropdb trial_4",
        "set -e\ncreatedb trial_4\npsql trial_4 -f a.sql\ndropdb trial_4",
        "set -euo pipefail; db=x_$$; createdb \"$db\"; pg_restore -d \"$db\" a.dump; dropdb \"$db\"",
        "db=x_$(date +%s) && createdb $db && dropdb $db",
        "if createdb trial_4; then psql trial_4 -f a.sql; dropdb trial_4; fi",
        "if ! createdb trial_4; then exit 1; fi; dropdb trial_4",
        "psql postgres -tc 'create database t4' && psql postgres -c 'drop database t4'",
        "mysql -e 'create database t4' && mysql -e 'drop database t4'",
        "sudo -u postgres createdb t4 && sudo -u postgres dropdb t4",
        "docker exec pg createdb -U postgres t4 && docker exec pg dropdb -U postgres t4",
        "git switch -c t && make check && git switch - && git branch -D t",
        "git checkout -b t origin/main && git commit --allow-empty -m x && git checkout - && git branch -D t",
        "git tag v9 && make notes && git tag -d v9",
        "git tag -a v9 -m x && git tag -d v9",
        "kubectl create ns e2e && kubectl -n e2e apply -f t/ && kubectl delete ns e2e",
        "kubectl create namespace e2e || exit 1; kubectl delete ns e2e",
        "helm install t ./chart && helm test t && helm uninstall t",
        "ip netns add t && ip netns exec t true && ip netns del t",
        "multipass launch -n t && multipass delete t",
        "kafka-topics.sh --bootstrap-server b:9 --create --topic t && kafka-topics.sh --bootstrap-server b:9 --delete --topic t",
        "cd \"$(mktemp -d)\" && git init -q && git tag v0 && git tag -d v0",
        "mkdir d && cd d && git init && git commit -m x && git branch x && git branch -D x",
    ] {
        let found = effects(text).join("; ");
        assert!(!LOST.iter().any(|it| found.contains(it)), "{text}: {found}");
    }
}

#[test]
fn what_may_have_been_there_before_is_none_of_it() {
    for text in [
        "createdb trial_4; dropdb trial_4",
        "createdb trial_4 || dropdb trial_4",
        "createdb trial_4 || { dropdb trial_4; exit 1; }",
        "createdb trial_4 && true; dropdb trial_4",
        "createdb trial_4 || true; dropdb trial_4",
        "createdb trial_4 | cat && dropdb trial_4",
        "! createdb trial_4 && dropdb trial_4",
        "if createdb trial_4; then true; else dropdb trial_4; fi",
        "if ! createdb trial_4; then dropdb trial_4; exit 1; fi",
        "if ! createdb trial_4; then exit 1; fi & dropdb trial_4",
        "if createdb trial_4; then exit 1; fi; dropdb trial_4",
        "set -e; set +e; createdb trial_4; dropdb trial_4",
        "(set -e; true); createdb trial_4; dropdb trial_4",
        "set -e; createdb trial_4 | cat; dropdb trial_4",
        "set -e; createdb trial_4 & dropdb trial_4",
        "{ set -e; createdb trial_4; dropdb trial_4; } && true",
        "if set -e; createdb trial_4; dropdb trial_4; then true; fi",
        "set -e; f() { createdb trial_4; dropdb trial_4; }; f || true",
        "(createdb trial_4 || exit 1); dropdb trial_4",
        "exit() { true; }; createdb trial_4 || exit; dropdb trial_4",
        "createdb() { true; }; createdb trial_4 && dropdb trial_4",
        "bash -c 'createdb trial_4; true' && dropdb trial_4",
        "eval 'true || createdb trial_4' && dropdb trial_4",
        "setsid createdb trial_4 && dropdb trial_4",
        "createdb trial_4 && dropdb app",
        "createdb trial_4 && PGHOST=db.internal && dropdb trial_4",
        "createdb trial_4 && source prod.env && dropdb trial_4",
        "set -e; . lib.sh; createdb trial_4; dropdb trial_4",
        "set -e; echo \"$(createdb trial_4; dropdb trial_4)\"",
        "trap 'dropdb trial_4' EXIT; set -e; createdb trial_4; psql trial_4",
        "zfs create -p tank/x && zfs destroy tank/x",
        "createdb trial_4 && dropdb -h db.internal trial_4",
        "createdb trial_4 && PGHOST=db.internal dropdb trial_4",
        "createdb trial_4 && export PGHOST=db.internal && dropdb trial_4",
        "createdb trial_4 && sudo -u postgres dropdb trial_4",
        "docker exec a createdb t4 && docker exec b dropdb t4",
        "createdb trial_4 && psql -c 'drop database app'",
        "mysql -e 'create database if not exists t4' && mysql -e 'drop database t4'",
        "mysql -e 'create database t4; select 1' && mysql -e 'drop database t4'",
        "psql -c 'create database t4' -c 'select 1' && psql -c 'drop database t4'",
        "for x in a b; do createdb $x; done && dropdb a",
        "git switch -C t && git branch -D t",
        "git branch -f t HEAD && git branch -D t",
        "git switch -c t && git commit -am wip && git switch - && git branch -D t",
        "git switch -c t && git add -A && git commit -m wip && git switch - && git branch -D t",
        "git switch -c t && git branch -M work t && git branch -D t",
        "git switch -c t && git branch -D work",
        "git switch -c t && git switch main && git reset --keep HEAD~3 && git branch -D t",
        "git switch -c t && cd ../other && git branch -D t",
        "git tag v9 && git tag -d v8",
        "git tag -f v9 && git tag -d v9",
        "git init && git branch -D t",
        "kubectl apply -f ns.yaml && kubectl delete ns e2e",
        "kubectl create ns e2e && kubectl delete ns e2e prod",
        "kubectl create ns e2e && kubectl --context prod delete ns e2e",
        "kubectl create ns e2e && kubectx prod && kubectl delete ns e2e",
        "kubectl create ns e2e && kubectl config use-context prod && kubectl delete ns e2e",
        "kubectl create ns e2e --dry-run=client && kubectl delete ns e2e",
        "kubectl create ns e2e && kubectl delete ns --all",
        "helm upgrade --install t ./chart && helm uninstall t",
        "kafka-topics.sh --create --if-not-exists --topic t && kafka-topics.sh --delete --topic t",
    ] {
        let found = effects(text).join("; ");
        assert!(LOST.iter().any(|it| found.contains(it)), "{text}: {found}");
    }
}

/// A repository, a database or a server is the line's own only where every command behind its maker was looked at.
#[test]
fn nothing_is_calmed_behind_more_commands_than_are_looked_at() {
    let is_lost = |text: &str| {
        let found = effects(text).join("; ");
        LOST.iter().any(|lost| found.contains(lost))
    };
    for (maker, switch, taker) in [
        ("createdb scratch", "export PGHOST=prod", "dropdb scratch"),
        (
            "cd \"$(mktemp -d)\"; git init -q a; git remote add up ../a",
            "git remote set-url up git@example.com:team/app",
            "git -C a push up :main",
        ),
    ] {
        for commands in [0, 63, 64, 65, 200] {
            let many = ":; ".repeat(commands);
            assert!(
                is_lost(&format!("{maker}; {many}{switch}; {taker}")),
                "{maker}; {commands} commands; {switch}; {taker}"
            );
        }
        assert!(is_lost(&format!("{maker}; {}{taker}", ":; ".repeat(64))));
    }
    assert!(!is_lost("createdb scratch; :; dropdb scratch"));
}
