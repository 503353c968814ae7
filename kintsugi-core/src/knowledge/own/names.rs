//! Which words make a thing under a name, which take one away, and which say to whom they speak.

use crate::knowledge::telling::listed;
use crate::shell::Word;

/// Options of PostgreSQL's and MySQL's clients whose value is the next word.
const SQL_VALUED: &str = " -h --host -p --port -P -S --socket -U --username -u --user -O --owner -T --template -E --encoding -D \
    --tablespace -l --locale --lc-collate --lc-ctype --maintenance-db --locale-provider -c --command -e --execute -f --file -d \
    --dbname --database -v --set -F -R -j --jobs ";

/// Options of others whose value is the next word: git; clusters; the rest.
const GIT_VALUED: &str = " -c --create -b -m --message -F --file -u --local-user --conflict ";
const CLUSTER_VALUED: &str = " -n --namespace --context --kubeconfig --kube-context --cluster --image --from-literal --from-file \
    --timeout --set -f --values --filename -s --server --version -l --selector --grace-period -o --output --schedule --port ";
const OTHERS_VALUED: &str = " -n --name --prefix --cpus --memory --disk -c -m -d -f --file --topic --bootstrap-server --zookeeper \
    --command-config --partitions --replication-factor --config --project --location -p -o -V -l ";

/// Those of them that say which server is spoken to.
const SQL_SERVER: &str = " -h --host -p --port -P -S --socket --maintenance-db ";
const CLUSTER_SERVER: &str =
    " -n --namespace --context --kubeconfig --kube-context --cluster -s --server ";
const OTHERS_SERVER: &str = " --bootstrap-server --zookeeper --command-config --project -p ";

/// The words of a command, told apart.
pub(super) struct Line<'w> {
    pub(super) server: &'static str,
    pub(super) operands: Vec<&'w Word>,
    pub(super) options: Vec<(String, Option<&'w Word>)>,
}

impl<'w> Line<'w> {
    pub(super) fn read(words: &'w [Word]) -> Self {
        let program = words.first().map(Word::display).unwrap_or_default();
        let (valued, server) = match program.as_str() {
            "createdb" | "dropdb" | "psql" | "mysql" | "mariadb" | "mysqladmin" | "pg_restore" => {
                (SQL_VALUED, SQL_SERVER)
            }
            "git" => (GIT_VALUED, ""),
            "kubectl" | "oc" | "helm" => (CLUSTER_VALUED, CLUSTER_SERVER),
            "kafka-topics" | "kafka-topics.sh" | "gcloud" | "conda" | "mamba" | "avdmanager" => {
                (OTHERS_VALUED, OTHERS_SERVER)
            }
            "lxc" | "incus" => (
                " -c --config -d --device -n --network -p --profile -s --storage -t --type --target --project ",
                " --target --project ",
            ),
            "multipass" => (
                " -n --name -c --cpus -d --disk -m --memory --cloud-init --network --mount --timeout ",
                "",
            ),
            "sf" | "sfdx" => (
                " -f --definition-file -a --alias -y --duration-days -o --target-org -v --target-dev-hub -w ",
                " -v --target-dev-hub ",
            ),
            _ => ("", ""),
        };
        let mut line = Line {
            server,
            operands: Vec::new(),
            options: Vec::new(),
        };
        let mut rest = words.iter().skip(1);
        while let Some(word) = rest.next() {
            let mut text = word.display();
            // `conda create -yn t`
            if matches!(program.as_str(), "conda" | "mamba")
                && matches!(text.as_str(), "-yn" | "-qyn" | "-yqn" | "-qn")
            {
                "-n".clone_into(&mut text);
            }
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

    pub(super) fn value(&self, options: &str) -> Option<&'w Word> {
        let mut all = self.options.iter();
        all.find(|(name, _)| listed(options, name))?.1
    }

    pub(super) fn known(&self, at: usize) -> String {
        let word = self.operands.get(at).and_then(|word| word.known());
        word.map_or_else(String::new, std::borrow::Cow::into_owned)
    }
}

/// What a command makes under a name that was free, or fails: its kind and its name.
pub(super) fn made(words: &[Word]) -> Option<(String, Word)> {
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
        _ if chooses_local_cluster(&program, &line) => ("local cluster", words.first()),
        ("docker" | "podman" | "nerdctl", "run" | "create") => {
            let pairs = words.windows(2);
            let mut named = pairs.filter_map(|pair| match pair {
                [flag, name] if flag.display() == "--name" => Some(name),
                _ => None,
            });
            ("container", named.next())
        }
        ("lxc" | "incus", "launch" | "init") => ("machine", operand(2)),
        ("sf" | "sfdx", "org") if line.known(1) == "create" && line.known(2) == "scratch" => {
            ("organization", line.value(" -a --alias "))
        }
        ("multipass", "launch") => ("machine", line.value(" -n --name ")),
        ("avdmanager", "create") if !line.has(" -f --force ") => {
            ("emulator", line.value(" -n --name "))
        }
        // A model that is there afterwards is the one of the library (Ollama 0.5), so that it can be had again.
        ("ollama", "pull") => ("model", operand(1)),
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
            ("environment", line.value(" -n --name -p --prefix "))
        }
        _ => return None,
    };
    Some((kind.to_owned(), name?.clone()))
}

/// Whether a command makes a cluster of this machine the one that is spoken to from here on, or else fails (kind 0.24, k3d 5.7, minikube
/// 1.34; kubectl 1.30, `kubectl config use-context --help`).
fn chooses_local_cluster(program: &str, line: &Line<'_>) -> bool {
    let (first, second) = (line.known(0), line.known(1));
    match (program, first.as_str(), second.as_str()) {
        ("kind", "create", "cluster") | ("k3d", "cluster", "create") | ("minikube", "start", _) => {
            true
        }
        ("kubectl", "config", "use-context") => super::clusters::is_local_context(&line.known(2)),
        _ => false,
    }
}

/// What a command takes away by name; nothing when it takes more than names say.
pub(super) fn taken(words: &[Word]) -> Vec<(String, Word)> {
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
        ("docker" | "podman" | "nerdctl", "rm" | "stop" | "kill") => {
            ("container", behind(1).to_vec())
        }
        ("lxc" | "incus" | "multipass", "delete" | "rm") if !line.has(" --all ") => {
            ("machine", behind(1).to_vec())
        }
        ("avdmanager", "delete") => ("emulator", line.value(" -n --name ").into_iter().collect()),
        ("ollama", "rm") => ("model", behind(1).to_vec()),
        ("sf" | "sfdx", "org") if line.known(1) == "delete" => (
            "organization",
            line.value(" -o --target-org ").into_iter().collect(),
        ),
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
            line.value(" -n --name -p --prefix ").into_iter().collect(),
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
