//! What the line itself made under a name, and takes away again: `createdb x && … && dropdb x`.
//!
//! Only what was certainly made by this line counts: the maker fails where the name is taken, and the line goes on only where it
//! succeeded ([`crate::shell::Certain`]). So `docker volume create`, `kubectl apply`, `aws s3 mb` and `git branch -f`, which succeed
//! where the thing is there already, make nothing. Maker and taker must speak to the same server, in the same words and variables.

use super::analyst::{Analyst, Call};
use super::made::Reach;
use super::program::Task;
use super::telling::listed;
use super::{Unknown, UnknownKind};
use crate::effect::{Action, Modifiers, Role};
use crate::place::NEW_TEMPORARY;
use crate::shell::{Directory, Hole, Piece, Word};

/// Most things that are kept in mind.
const THINGS_MAX: usize = 16;

/// Options of PostgreSQL's and MySQL's clients whose value is the next word.
const SQL_VALUED: &str = " -h --host -p --port -P -S --socket -U --username -u --user -O --owner -T --template -E --encoding -D \
    --tablespace -l --locale --lc-collate --lc-ctype --maintenance-db --locale-provider -c --command -e --execute -f --file -d \
    --dbname --database -v --set -F -R -j --jobs ";

/// Options of others whose value is the next word: git; clusters; the rest.
const GIT_VALUED: &str = " -c --create -b -m --message -F --file -u --local-user --conflict ";
const CLUSTER_VALUED: &str = " -n --namespace --context --kubeconfig --kube-context --cluster --image --from-literal --from-file \
    --timeout --set -f --values --filename -s --server --version -l --selector --grace-period -o --output --schedule --port ";
const OTHERS_VALUED: &str = " -n --name --cpus --memory --disk -c -m -d -f --file --topic --bootstrap-server --zookeeper \
    --command-config --partitions --replication-factor --config --project --location -p -o -V -l ";

/// Those of them that say which server is spoken to.
const SQL_SERVER: &str = " -h --host -p --port -P -S --socket --maintenance-db ";
const CLUSTER_SERVER: &str =
    " -n --namespace --context --kubeconfig --kube-context --cluster -s --server ";
const OTHERS_SERVER: &str = " --bootstrap-server --zookeeper --command-config --project -p ";

/// Programs that run a command and hand on whether it succeeded.
const TRANSPARENT: &str =
    " sudo doas env command docker podman nerdctl docker-compose kubectl oc nice time ";

/// Variables that say to which server, or in which repository, a program speaks, by their beginnings.
const SERVERS: [&str; 7] = [
    "PG",
    "MYSQL",
    "DOCKER_",
    "KUBE",
    "GIT_",
    "HELM_",
    "CLOUDSDK_",
];

/// Programs that make a connection another one between two commands.
const SWITCHES: &str =
    " kubectx kubens use-context set-context set-cluster use-context configurations ";

/// A thing, with what it takes to find it again.
#[derive(Debug)]
pub(super) struct MadeThing {
    kind: String,
    name: Word,
    circumstances: Vec<String>,
    pub(super) reach: Reach,
}

/// The words of a command, told apart.
struct Line<'w> {
    server: &'static str,
    operands: Vec<&'w Word>,
    options: Vec<(String, Option<&'w Word>)>,
}

impl<'w> Line<'w> {
    fn read(words: &'w [Word]) -> Self {
        let program = words.first().map(Word::display).unwrap_or_default();
        let (valued, server) = match program.as_str() {
            "createdb" | "dropdb" | "psql" | "mysql" | "mariadb" | "mysqladmin" | "pg_restore" => {
                (SQL_VALUED, SQL_SERVER)
            }
            "git" => (GIT_VALUED, ""),
            "kubectl" | "oc" | "helm" => (CLUSTER_VALUED, CLUSTER_SERVER),
            "kafka-topics" | "kafka-topics.sh" | "gcloud" | "lxc" | "incus" | "multipass"
            | "conda" | "mamba" => (OTHERS_VALUED, OTHERS_SERVER),
            _ => ("", ""),
        };
        let mut line = Line {
            server,
            operands: Vec::new(),
            options: Vec::new(),
        };
        let mut rest = words.iter().skip(1);
        while let Some(word) = rest.next() {
            let text = word.display();
            if !text.starts_with('-') || text.len() == 1 {
                line.operands.push(word);
                continue;
            }
            let is_valued = listed(valued, &text) || program == "psql" && is_joined(&text);
            let value = if is_valued { rest.next() } else { None };
            line.options.push((text, value));
        }
        line
    }

    fn has(&self, options: &str) -> bool {
        let mut all = self.options.iter();
        all.any(|(name, _)| listed(options, name.split('=').next().unwrap_or_default()))
    }

    fn value(&self, options: &str) -> Option<&'w Word> {
        let mut all = self.options.iter();
        all.find(|(name, _)| listed(options, name))?.1
    }

    fn known(&self, at: usize) -> String {
        let word = self.operands.get(at).and_then(|word| word.known());
        word.map_or_else(String::new, std::borrow::Cow::into_owned)
    }
}

impl Analyst<'_> {
    /// Keeps in mind what a command makes, or else fails.
    pub(super) fn remember_things(&mut self, task: &Task<'_, '_>, reaches: &[Reach]) {
        let Some((kind, name)) = made(task.call.words) else {
            return;
        };
        let Some(circumstances) = self.circumstances(task) else {
            return;
        };
        for reach in reaches {
            if is_steady(&name) && self.made.things.len() < THINGS_MAX {
                self.made.things.push(MadeThing {
                    kind: kind.clone(),
                    name: name.clone(),
                    circumstances: circumstances.clone(),
                    reach: *reach,
                });
            }
        }
    }

    /// Makes a plain change of taking away what the line itself made.
    pub(super) fn calm_own(&mut self, task: &Task<'_, '_>, before: usize, unknowns: usize) {
        let effects = self.analysis.effects.get(before..).unwrap_or_default();
        if !effects.iter().any(|effect| effect.action.takes_away()) {
            return;
        }
        let is_own_repository = task.parsed.path.starts_with("git ")
            && self.is_own_repository(&task.call)
            && effects.iter().all(|it| it.role != Role::Remote);
        if is_own_repository {
            self.calm(before, |effect| {
                matches!(effect.role, Role::Branch | Role::History)
            });
        }
        if is_own_container(&task.call) {
            self.calm(before, |effect| {
                matches!(effect.role, Role::Resource | Role::Process)
            });
            let kept = self.analysis.unknowns.split_off(unknowns);
            let kept = kept.into_iter().filter(|it| it.kind != UnknownKind::Target);
            self.analysis.unknowns.extend(kept);
        }
        if self.made.things.is_empty() {
            return;
        }
        let Some(circumstances) = self.circumstances(task) else {
            return;
        };
        if is_sql(&task.call) {
            let names: Vec<String> = self
                .analysis
                .effects
                .iter()
                .skip(before)
                .filter(|effect| effect.role == Role::Database && effect.action.takes_away())
                .map(|effect| effect.target.text.clone())
                .collect();
            let own: Vec<String> = names
                .into_iter()
                .filter(|name| {
                    let word = Word::text(name.as_str(), task.call.span);
                    self.is_own(task, "database", &word, &circumstances)
                })
                .collect();
            self.calm(before, |effect| {
                effect.role == Role::Database && own.contains(&effect.target.text)
            });
            self.calm_inside(task, before, &circumstances);
            return;
        }
        let taken = taken(task.call.words);
        let is_own = |(kind, name): &(String, Word)| self.is_own(task, kind, name, &circumstances);
        if taken.is_empty() || !taken.iter().all(is_own) {
            return;
        }
        self.calm(before, |effect| effect.role != Role::Path);
        let texts: Vec<String> = taken.iter().map(|(_, name)| name.display()).collect();
        let is_settled = |unknown: &Unknown| {
            unknown.kind == UnknownKind::Target && texts.contains(&unknown.text)
        };
        let kept = self.analysis.unknowns.split_off(unknowns);
        let kept = kept.into_iter().filter(|unknown| !is_settled(unknown));
        self.analysis.unknowns.extend(kept);
    }

    fn calm(&mut self, before: usize, is_meant: impl Fn(&crate::effect::Effect) -> bool) {
        for effect in self.analysis.effects.iter_mut().skip(before) {
            if effect.action.takes_away() && is_meant(effect) {
                effect.action = if effect.role == Role::Resource {
                    Action::List
                } else {
                    Action::Write
                };
                effect.modifiers = Modifiers::NONE;
            }
        }
    }

    /// Makes a plain change of what is taken away inside a database that the line made.
    fn calm_inside(&mut self, task: &Task<'_, '_>, before: usize, circumstances: &[String]) {
        let line = Line::read(task.call.words);
        let named = line.value(" -d --dbname -D --database ");
        let Some(database) = named.or_else(|| line.operands.first().copied()) else {
            return;
        };
        let leaves = |word: &Word| {
            let text = word.display().to_ascii_lowercase();
            ["\\c", "use ", "dblink", "."]
                .iter()
                .any(|it| text.contains(it))
        };
        let mut texts = line.options.iter().filter_map(|(_, value)| *value);
        let stays = !texts.any(leaves)
            && task
                .call
                .fed
                .text
                .as_deref()
                .is_none_or(|it| !it.contains("\\c"));
        if stays && self.is_own(task, "database", database, circumstances) {
            self.calm(before, |effect| effect.role == Role::Table);
        }
    }

    fn is_own(
        &self,
        task: &Task<'_, '_>,
        kind: &str,
        name: &Word,
        circumstances: &[String],
    ) -> bool {
        self.made.things.iter().any(|thing| {
            thing.kind == kind
                && thing.name.pieces == name.pieces
                && thing.circumstances == circumstances
                && self
                    .made
                    .since(&thing.reach)
                    .is_some_and(|between| is_undisturbed(&task.call, kind, between))
        })
    }

    /// To whom a command speaks: the wrappers around it, what options and variables say, and for git the directory.
    fn circumstances(&self, task: &Task<'_, '_>) -> Option<Vec<String>> {
        let call = &task.call;
        let invocations = &call.scope.script.invocations;
        let around = invocations.get(self.made.at()?)?;
        let outer = around.words.strip_suffix(call.words)?;
        let first = outer.first().map(Word::display);
        if !first.is_none_or(|name| listed(TRANSPARENT, &name)) {
            return None;
        }
        let mut all: Vec<String> = outer.iter().map(Word::display).collect();
        let line = Line::read(call.words);
        let is_server =
            |name: &str| listed(line.server, name.split('=').next().unwrap_or_default());
        let options = line.options.iter().filter(|(name, _)| is_server(name));
        let mut options: Vec<String> = options
            .map(|(name, value)| {
                let (name, attached) = name.split_once('=').unwrap_or((name, ""));
                format!(
                    "{name} {attached}{}",
                    value.map_or_else(String::new, Word::display)
                )
            })
            .collect();
        let urls = line.operands.iter().map(|word| word.display());
        options.extend(urls.filter_map(|url| {
            let is_bucket = url.starts_with("gs://");
            let (server, _) = url.rsplit_once('/')?;
            (server.contains("://") && !is_bucket).then(|| server.to_owned())
        }));
        let assignments = around.assignments.iter();
        options.extend(assignments.map(|it| format!("{}={}", it.name, it.value.display())));
        let exported = call.variables.values.iter();
        options.extend(
            exported
                .filter(|(name, _)| SERVERS.iter().any(|kind| name.starts_with(kind)))
                .map(|(name, value)| format!("export {name}={}", value.display())),
        );
        options.sort();
        all.extend(options);
        if task.parsed.path.starts_with("git ") {
            let [Directory::Known(directory)] = &*call.directories else {
                return None;
            };
            all.push(directory.clone());
        }
        Some(all)
    }

    /// Whether the line itself made the repository that a command of git works on, where nobody keeps anything.
    fn is_own_repository(&self, call: &Call<'_>) -> bool {
        let is_passing = |directory: &Directory| match directory {
            // What `mktemp` names is new, whether or not the line says that it succeeded.
            Directory::Known(path) => self.is_made(path) || path.starts_with(NEW_TEMPORARY),
            Directory::Unknown => false,
        };
        super::made::is_new_repository(call) && call.directories.iter().all(is_passing)
    }
}

/// What a command makes under a name that was free, or fails: its kind and its name.
fn made(words: &[Word]) -> Option<(String, Word)> {
    let program = words.first()?.known()?;
    let line = Line::read(words);
    let first = line.known(0);
    let operand = |at: usize| line.operands.get(at).copied();
    let (kind, name) = match (&*program, first.as_str()) {
        ("createdb", _) => ("database", operand(0)),
        ("mysqladmin", "create") => ("database", operand(1)),
        ("psql" | "mysql" | "mariadb", _) => {
            let name = created_database(&line)?;
            return Some(("database".to_owned(), name));
        }
        ("git", _) => return created_reference(&line),
        ("kubectl" | "oc", "create")
            if !line.has(" -f --filename -k --kustomize --dry-run --raw ") =>
        {
            let kind = cluster_kind(&line.known(1))?;
            return Some((kind.to_owned(), operand(2)?.clone()));
        }
        ("kubectl" | "oc", "run") if !line.has(" --dry-run ") => ("pod", operand(1)),
        ("oc", "new-project") => ("namespace", operand(1)),
        ("helm", "install") if !line.has(" --dry-run --replace -g --generate-name ") => {
            ("release", operand(1))
        }
        ("ip", "netns") if line.known(1) == "add" => ("network namespace", operand(2)),
        ("lxc" | "incus", "launch" | "init") => ("machine", operand(2)),
        ("multipass", "launch") => ("machine", line.value(" -n --name ")),
        ("terraform" | "tofu", "workspace") if line.known(1) == "new" => ("workspace", operand(2)),
        ("zfs", "create" | "snapshot") if !line.has(" -p ") => {
            ("dataset", line.operands.last().copied())
        }
        ("kafka-topics" | "kafka-topics.sh", _)
            if line.has(" --create ") && !line.has(" --if-not-exists ") =>
        {
            ("topic", line.value(" --topic "))
        }
        ("gsutil", "mb") => ("bucket", operand(1)),
        ("mc", "mb") if !line.has(" -p --ignore-existing ") => ("bucket", operand(1)),
        ("gcloud", "storage") if line.known(1) == "buckets" && line.known(2) == "create" => {
            ("bucket", operand(3))
        }
        // With `-y` an environment of that name is replaced, so that the one that is there afterwards is new (conda 24).
        ("conda" | "mamba", "create") if line.has(" -n --name ") => {
            ("environment", line.value(" -n --name "))
        }
        ("conda" | "mamba", "env") if line.known(1) == "create" => {
            ("environment", line.value(" -n --name "))
        }
        _ => return None,
    };
    Some((kind.to_owned(), name?.clone()))
}

/// What a command takes away by name; nothing when it takes more than names say.
fn taken(words: &[Word]) -> Vec<(String, Word)> {
    let program = words.first().map(Word::display).unwrap_or_default();
    let line = Line::read(words);
    let first = line.known(0);
    let behind = |at: usize| line.operands.get(at..).unwrap_or_default();
    let (kind, names): (&str, Vec<&Word>) = match (program.as_str(), first.as_str()) {
        ("dropdb", _) => ("database", behind(0).to_vec()),
        ("pg_restore", _) => (
            "database",
            line.value(" -d --dbname ").into_iter().collect(),
        ),
        ("mysqladmin", "drop") => ("database", behind(1).to_vec()),
        ("git", "branch") if !line.has(" -r --remotes ") => ("branch", behind(1).to_vec()),
        ("git", "tag") if line.has(" -d --delete ") => ("tag", behind(1).to_vec()),
        ("kubectl" | "oc", "delete")
            if !line.has(
                " -f --filename -k --kustomize -l --selector --all -A --all-namespaces --raw ",
            ) =>
        {
            let Some(kind) = cluster_kind(&line.known(1)) else {
                return Vec::new();
            };
            (kind, behind(2).to_vec())
        }
        ("helm", "uninstall" | "delete") => ("release", behind(1).to_vec()),
        ("ip", "netns") => ("network namespace", behind(2).to_vec()),
        ("lxc" | "incus" | "multipass", "delete" | "rm") if !line.has(" --all ") => {
            ("machine", behind(1).to_vec())
        }
        ("terraform" | "tofu", "workspace") => ("workspace", behind(2).to_vec()),
        ("zfs", "destroy") if !line.has(" -R ") => ("dataset", behind(1).to_vec()),
        ("kafka-topics" | "kafka-topics.sh", _) => {
            ("topic", line.value(" --topic ").into_iter().collect())
        }
        ("gsutil", "rb" | "rm") => ("bucket", behind(1).to_vec()),
        ("mc", "rb") if !line.has(" --dangerous ") => ("bucket", behind(1).to_vec()),
        ("gcloud", "storage") if line.known(1) == "rm" => ("bucket", behind(2).to_vec()),
        ("gcloud", "storage") if line.known(2) == "delete" => ("bucket", behind(3).to_vec()),
        ("conda" | "mamba", "env" | "remove") => (
            "environment",
            line.value(" -n --name ").into_iter().collect(),
        ),
        _ => return Vec::new(),
    };
    let all = names.into_iter();
    all.map(|name| (kind.to_owned(), name.clone())).collect()
}

/// The branch or tag that a command of git makes, when it is one that fails where there is one of that name.
fn created_reference(line: &Line<'_>) -> Option<(String, Word)> {
    let plain = " -q --quiet -a --annotate -s --sign -m --message -t --track --no-track ";
    let is_plain = |allowed: &str| {
        let mut all = line.options.iter();
        all.all(|(name, _)| {
            let name = name.split('=').next().unwrap_or_default();
            listed(plain, name) || listed(allowed, name)
        })
    };
    let (kind, name) = match line.known(0).as_str() {
        "switch" if is_plain(" -c --create ") => ("branch", line.value(" -c --create ")),
        "checkout" if is_plain(" -b ") => ("branch", line.value(" -b ")),
        "branch" if is_plain("") => ("branch", line.operands.get(1).copied()),
        "worktree" if line.known(1) == "add" && is_plain(" -b --detach ") => {
            ("branch", line.value(" -b "))
        }
        "tag" if is_plain("") => ("tag", line.operands.get(1).copied()),
        _ => return None,
    };
    Some((kind.to_owned(), name?.clone()))
}

/// The name in a statement that is nothing but `CREATE DATABASE name`, alone in its command.
fn created_database(line: &Line<'_>) -> Option<Word> {
    let is_text = |name: &str| listed(" -c --command -e --execute ", name) || is_joined(name);
    let mut texts = line.options.iter().filter(|(name, _)| is_text(name));
    let ((_, Some(text)), None) = (texts.next()?, texts.next()) else {
        return None;
    };
    if line.has(" -f --file --force ") {
        return None;
    }
    let known = text.known()?;
    let statement = known.trim().trim_end_matches(';');
    if statement.contains([';', '\\', '\n']) {
        return None;
    }
    let mut words = statement.split_ascii_whitespace();
    let is_create = words.next()?.eq_ignore_ascii_case("create")
        && words.next()?.eq_ignore_ascii_case("database");
    let name = words.next()?.trim_matches(['"', '`']);
    let is_name = name
        .chars()
        .all(|it| it.is_ascii_alphanumeric() || it == '_' || it == '-');
    let is_if = name.eq_ignore_ascii_case("if");
    (is_create && is_name && !is_if).then(|| Word::text(name, text.span))
}

/// Short options of psql joined with `-c`: `-tAc`.
fn is_joined(name: &str) -> bool {
    let letters = name.strip_prefix('-').unwrap_or_default();
    letters.len() > 1 && letters.ends_with('c') && letters.chars().all(|it| "tAqXc".contains(it))
}

/// Whether every container that a command stops or removes is one of which a command of the line printed the number when it made
/// it: `id=$(docker create x) && docker rm "$id"`. Where it made none, there is no name.
fn is_own_container(call: &Call<'_>) -> bool {
    let line = Line::read(call.words);
    let program = call.words.first().map(Word::display).unwrap_or_default();
    let is_meant = matches!(program.as_str(), "docker" | "podman" | "nerdctl")
        && matches!(line.known(0).as_str(), "rm" | "stop" | "kill");
    let is_made = |word: &&Word| {
        let [Piece::Hole(Hole::Output { first, end })] = word.pieces.as_slice() else {
            return false;
        };
        let range = first.0 as usize..end.0 as usize;
        let [one] = call.scope.script.invocations.get(range).unwrap_or_default() else {
            return false;
        };
        let words: Vec<String> = one.words.iter().map(Word::display).collect();
        words.first() == Some(&program)
            && match words.get(1).map(String::as_str) {
                Some("create") => true,
                Some("run") => is_detached(words.get(2..).unwrap_or_default()),
                _ => false,
            }
    };
    let names = line.operands.get(1..).unwrap_or_default();
    is_meant && !names.is_empty() && names.iter().all(is_made)
}

/// Whether `docker run` prints the number of the container, and not what runs in it: `-d` in front of the image (docker-run(1)).
fn is_detached(words: &[String]) -> bool {
    const RUN_VALUED: &str = " --name -p --publish -e --env -v --volume --network --net -w --workdir -u --user --platform -l --label \
        -h --hostname --mount --memory -m --cpus --restart --entrypoint --env-file --add-host --gpus --shm-size --tmpfs --ulimit ";
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let Some(letters) = word.strip_prefix('-') else {
            return false;
        };
        let is_short = letters.contains('d') && letters.chars().all(|it| "ditPq".contains(it));
        if is_short || word == "--detach" {
            return true;
        }
        if listed(RUN_VALUED, word) {
            rest.next();
        }
    }
    false
}

fn is_sql(call: &Call<'_>) -> bool {
    let program = call.words.first().and_then(Word::known);
    program.is_some_and(|name| matches!(&*name, "psql" | "mysql" | "mariadb"))
}

/// What a cluster calls a kind of thing (kubectl 1.30, `kubectl api-resources`).
fn cluster_kind(name: &str) -> Option<&'static str> {
    Some(match name {
        "ns" | "namespace" | "namespaces" => "namespace",
        "deploy" | "deployment" | "deployments" => "deployment",
        "cm" | "configmap" | "configmaps" => "configmap",
        "job" | "jobs" => "job",
        "cj" | "cronjob" | "cronjobs" => "cronjob",
        "sa" | "serviceaccount" | "serviceaccounts" => "serviceaccount",
        "quota" | "resourcequota" | "resourcequotas" => "resourcequota",
        "po" | "pod" | "pods" => "pod",
        _ => return None,
    })
}

/// Whether a name is the same wherever it stands in the line.
fn is_steady(name: &Word) -> bool {
    !name.pieces.is_empty()
        && name.pieces.iter().all(|piece| match piece {
            Piece::Text(_) | Piece::Hole(Hole::Output { .. }) => true,
            Piece::Hole(Hole::Variable(name)) => matches!(name.as_str(), "$" | "USER" | "BASHPID"),
            Piece::Glob(_) | Piece::Hole(_) => false,
        })
}

/// Whether nothing between the maker and the taker puts something of before under that name, or speaks to another server.
fn is_undisturbed(call: &Call<'_>, kind: &str, between: std::ops::Range<usize>) -> bool {
    let invocations = call.scope.script.invocations.get(between);
    invocations.unwrap_or_default().iter().all(|invocation| {
        let words: Vec<String> = invocation.words.iter().map(Word::display).collect();
        let has = |options: &[&str]| words.iter().any(|it| options.contains(&it.as_str()));
        // Another server may be meant afterwards.
        let sets =
            |it: &crate::shell::Assignment| SERVERS.iter().any(|kind| it.name.starts_with(kind));
        let first = words.first().map_or("", String::as_str);
        let is_switch = words.iter().any(|word| listed(SWITCHES, word))
            || has(&["docker", "gcloud", "az"]) && has(&["context", "config", "set"])
            || matches!(first, "source" | "." | "eval")
            || invocation.words.is_empty() && invocation.assignments.iter().any(sets);
        if !matches!(kind, "branch" | "tag") {
            return !is_switch;
        }
        // What is committed meanwhile was in the work tree or staged, and a branch that is moved may be the last name of another.
        let is_commit = words
            .iter()
            .any(|it| it.contains("commit") && it != "pre-commit");
        let is_empty = has(&["--allow-empty"])
            && !words
                .iter()
                .any(|it| it == "--all" || it.starts_with("-a") || it == "--amend");
        let stages = has(&["add", "stage", "stash", "mv", "rm"]) && has(&["git"]);
        let moves = has(&[
            "-M",
            "-m",
            "-f",
            "-C",
            "-B",
            "--force",
            "--move",
            "--copy",
            "reset",
            "update-ref",
            "symbolic-ref",
            "fast-import",
            "filter-branch",
            "filter-repo",
        ]) && has(&["git"])
            && !(is_commit && is_empty)
            && !matches!(words.get(1).map(String::as_str), Some("merge" | "tag"));
        !(is_commit && !is_empty || stages || moves)
    })
}
