//! Clusters of this machine, and namespaces that the line makes: what is changed there is nobody else's.

use super::names::Line;
use super::{Analyst, is_undisturbed};
use crate::effect::{Action, Modifier, Role};
use crate::knowledge::analyst::Call;
use crate::knowledge::lexicon::is_production;
use crate::knowledge::program::Task;
use crate::knowledge::telling::listed;
use crate::shell::Word;

/// What `kubectl -n` is about when it takes something away (kubectl 1.30, `kubectl api-resources --namespaced=true`).
const OF_NAMESPACE: &str = " po pod pods deploy deployment deployments svc service services cm configmap configmaps job jobs cj cronjob \
    cronjobs ing ingress ingresses pvc persistentvolumeclaim persistentvolumeclaims sts statefulset statefulsets ds daemonset \
    daemonsets rs replicaset replicasets hpa all ";

/// Beginnings of the names of contexts of clusters on this machine (kind 0.24, k3d 5.7, minikube 1.34, Docker Desktop 4, Rancher Desktop
/// 1.16, `OrbStack` 1.8, Colima 0.7).
const LOCAL: [&str; 7] = [
    "kind-",
    "k3d-",
    "minikube",
    "docker-desktop",
    "rancher-desktop",
    "orbstack",
    "colima",
];

impl Analyst<'_> {
    /// Makes a change of nobody's of what a command changes in such a cluster or namespace.
    pub(in crate::knowledge) fn calm_own_cluster(&mut self, task: &Task<'_, '_>, before: usize) {
        let program = task.parsed.path.split(' ').next().unwrap_or_default();
        if !matches!(program, "kubectl" | "oc" | "helm") {
            return;
        }
        // Its words are judged by themselves, and it is gone when they are done (kubectl 1.30, `kubectl run --help`).
        let is_passing = task.parsed.path == "kubectl run"
            && task.parsed.is_set("passing")
            && !task.parsed.is_set("privileged")
            && !task.parsed.wrapped.is_empty();
        if is_passing {
            for effect in self.analysis.effects.iter_mut().skip(before) {
                if effect.action == Action::Execute && effect.role == Role::Resource {
                    effect.action = Action::Create;
                }
            }
        }
        let line = Line::read(task.call.words);
        let is_own = self.is_local_cluster(task, &line)
            || stays_in_namespace(&line) && self.is_own_namespace(task);
        if !is_own {
            // What is only put there is put there again elsewhere, should that cluster have been there before.
            let names_other = line.options.iter().any(|(name, _)| {
                let name = name.split('=').next().unwrap_or_default();
                listed(
                    " --context --kube-context --kubeconfig --server -s --cluster --prune ",
                    name,
                )
            });
            if !names_other
                && task.parsed.path == "kubectl apply"
                && follows_local_cluster(&task.call)
            {
                for effect in self.analysis.effects.iter_mut().skip(before) {
                    effect.modifiers = effect.modifiers.with(Modifier::Contained);
                }
            }
            return;
        }
        for effect in self.analysis.effects.iter_mut().skip(before) {
            if matches!(effect.role, Role::Resource | Role::Volume | Role::Service) {
                if effect.action.takes_away() {
                    effect.action = Action::Write;
                    effect.role = Role::Resource;
                }
                effect.modifiers = effect
                    .modifiers
                    .without(Modifier::All)
                    .with(Modifier::Contained);
            }
        }
    }

    /// Whether the line has certainly made a cluster of this machine the one that is spoken to, and the words name no other.
    fn is_local_cluster(&self, task: &Task<'_, '_>, line: &Line<'_>) -> bool {
        let (mut context, mut is_written) = (None, false);
        for (name, value) in &line.options {
            let (name, attached) = name.split_once('=').unwrap_or((name, ""));
            match name {
                "--context" | "--kube-context" => {
                    context = Some(value.map_or_else(|| attached.to_owned(), Word::display));
                }
                "--kubeconfig" => {
                    let file = value.map_or_else(|| attached.to_owned(), Word::display);
                    if !is_written_by_kind(task, &file) {
                        return false;
                    }
                    is_written = true;
                }
                "--server" | "-s" | "--cluster" => return false,
                _ => {}
            }
        }
        if task
            .call
            .assignments
            .iter()
            .any(|it| it.name == "KUBECONFIG")
        {
            return false;
        }
        if let Some(context) = &context
            && !started_as(&task.call, context)
        {
            return is_local_context(context);
        }
        is_written
            || self.made.things.iter().any(|thing| {
                thing.kind == "local cluster"
                    && self
                        .made
                        .since(&thing.reach)
                        .is_some_and(|between| is_undisturbed(&task.call, "local cluster", between))
            })
    }

    /// Whether the line has certainly made the namespace that the words name.
    fn is_own_namespace(&self, task: &Task<'_, '_>) -> bool {
        let Some(mut circumstances) = self.circumstances(task) else {
            return false;
        };
        let is_namespace = |it: &&String| it.starts_with("-n ") || it.starts_with("--namespace ");
        let named: Vec<String> = circumstances.iter().filter(is_namespace).cloned().collect();
        circumstances.retain(|it| !is_namespace(&it));
        let [named] = named.as_slice() else {
            return false;
        };
        let name = named.split_once(' ').map_or("", |(_, name)| name);
        self.made.things.iter().any(|thing| {
            thing.kind == "namespace"
                && thing.name.display() == name
                && thing.circumstances == circumstances
                && self
                    .made
                    .since(&thing.reach)
                    .is_some_and(|between| is_undisturbed(&task.call, "namespace", between))
        })
    }
}

/// Most commands of a line that are looked at for one that starts a cluster.
const STARTERS_MAX: usize = 64;

/// Whether the line starts a cluster of this machine under that name, which is that of its context (minikube 1.34, `--profile`).
fn started_as(call: &Call<'_>, context: &str) -> bool {
    let mut earlier = call.scope.script.invocations.iter().take(STARTERS_MAX);
    earlier.any(|it| {
        let words: Vec<String> = it.words.iter().take(32).map(Word::display).collect();
        let mut pairs = words.windows(2);
        it.span.start < call.span.start
            && !is_production(context)
            && matches!(words.as_slice(), [first, ..] if first == "minikube")
            && words.iter().any(|word| word == "start")
            && pairs.any(|pair| matches!(pair, [flag, name] if matches!(flag.as_str(), "-p" | "--profile") && name == context))
    })
}

/// Whether a context is one of a cluster of this machine, by its name.
pub(super) fn is_local_context(name: &str) -> bool {
    LOCAL.iter().any(|local| name.starts_with(local)) && !is_production(name)
}

/// Whether the line makes a cluster of this machine in front, whether or not that is certain to succeed, chooses no other from there on, and
/// puts something into it, or takes it away again, by its own tool: that it is meant is certain then.
fn follows_local_cluster(call: &crate::knowledge::analyst::Call<'_>) -> bool {
    let before: Vec<&crate::shell::Invocation> = super::passing::earlier(call).collect();
    let is_maker = |it: &&crate::shell::Invocation| {
        super::names::made(&it.words).is_some_and(|(kind, _)| kind == "local cluster")
            && !it.words.iter().any(|word| word.display() == "use-context")
    };
    let Some(maker) = before.iter().rposition(is_maker) else {
        return false;
    };
    let exports = call
        .variables
        .values
        .iter()
        .any(|(name, _)| name == "KUBECONFIG");
    let behind = before.get(maker + 1..).unwrap_or_default();
    let first = |it: &crate::shell::Invocation| it.words.first().map(Word::display);
    let tool = before.get(maker).and_then(|it| first(it));
    let uses = |it: &crate::shell::Invocation| {
        let says = |verbs: &[&str]| {
            it.words
                .iter()
                .skip(1)
                .any(|word| verbs.contains(&&*word.display()))
        };
        first(it) == tool && says(&["load", "import", "delete", "image"])
    };
    !exports
        && call.scope.script.invocations.iter().any(uses)
        && behind.iter().all(|it| {
            let mut words = it.words.iter().map(Word::display);
            let first = words.next().unwrap_or_default();
            let is_switch = listed(super::SWITCHES, &first)
                || words.any(|word| listed(super::SWITCHES, &word) || word.contains("KUBECONFIG"))
                || matches!(first.as_str(), "source" | "." | "eval");
            !is_switch && !it.assignments.iter().any(|it| it.name == "KUBECONFIG")
        })
}

/// Whether the line let kind write how its new cluster is reached into that file, which lies in a temporary directory, and nothing else
/// of the line names it. Where making the cluster failed there is no such file (kind 0.24, `kind create cluster --help`).
fn is_written_by_kind(task: &Task<'_, '_>, file: &str) -> bool {
    let names = |word: &Word| word.display().contains(file);
    let mut is_made = false;
    for it in super::passing::earlier(&task.call) {
        let words: Vec<String> = it.words.iter().map(Word::display).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let writes = it.redirects.iter().any(|redirect| names(&redirect.target));
        match words.as_slice() {
            _ if writes => return false,
            ["kind", "create", "cluster", rest @ ..] => {
                is_made |= rest
                    .windows(2)
                    .any(|pair| matches!(pair, ["--kubeconfig", value] if *value == file));
            }
            ["kubectl" | "helm" | "kind" | "rm", ..] => {}
            _ if it.words.iter().any(names) => return false,
            _ => {}
        }
    }
    is_made && file.starts_with("/tmp/") && !file.contains("..")
}

/// Whether what a command changes lies in the namespace that it names.
fn stays_in_namespace(line: &Line<'_>) -> bool {
    let mut options = line.options.iter();
    if options.any(|(name, _)| listed(" -A --all-namespaces ", name)) {
        return false;
    }
    match line.known(0).as_str() {
        "apply" | "create" | "scale" | "rollout" | "set" | "expose" | "autoscale" | "run"
        | "install" | "upgrade" | "uninstall" => true,
        "delete" => line
            .known(1)
            .split(',')
            .all(|kind| listed(OF_NAMESPACE, kind.split('/').next().unwrap_or_default())),
        _ => false,
    }
}
