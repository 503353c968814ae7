//! What a command opens to whoever can reach this machine: directories that a small server hands out, and programs that obey
//! or hold data and that are told to listen everywhere, or to ask nobody who they are.
//!
//! A server of the application under development on every interface is everyday, and says nothing here. Sources: http.server
//! of Python 3.13, PHP 8.4 "Built-in web server", un.rb of Ruby 3.4, httpd of `BusyBox` 1.36, the manuals of the programs in
//! [`HOLDERS`].

use super::analyst::Analyst;
use super::program::Task;
use crate::effect::{Action, Modifier, Modifiers, Role, Target};
use crate::shell::Word;

/// Programs that obey whoever speaks to them, or give out what they hold, and expect to be reached by friends only.
const HOLDERS: &str = " dockerd docker-proxy containerd podman redis-server valkey-server keydb-server mongod mongos memcached etcd \
    postgres postmaster pg_ctl mysqld mysqld_safe mariadbd elasticsearch opensearch clickhouse-server clickhouse influxd cockroach \
    consul nomad vault bao rqlited neo4j zookeeper couchdb cassandra scylla rethinkdb arangod dgraph qdrant weaviate meilisearch \
    jupyter jupyter-lab jupyter-notebook code-server openvscode-server theia ttyd gotty wetty shellinaboxd x11vnc vncserver Xvnc \
    x0vncserver tigervncserver wayvnc kubectl minikube rpcbind nfsd smbd vsftpd proftpd tftpd in.tftpd distccd gdbserver lldb-server \
    ray dask-scheduler spark-class nats-server rabbitmq-server mosquitto supervisord salt-master cockpit-ws pgadmin4 phpmyadmin \
    erl epmd selenium-server chromedriver adb frida-server ollama tor privoxy squid tinyproxy microsocks danted 3proxy gost \
    java node deno bun python debugpy sshd dropbear rsync webdav wsgidav rclone ";

/// Of these only an interface for a debugger counts: what else they listen with is the application.
const RUNTIMES: &str = " java node deno bun python ";

/// Options and settings that take away the question who is there, in small letters.
const UNASKED: [&str; 37] = [
    "--auth=none",
    "--auth none",
    "--noauth",
    "--no-auth",
    "--disable-auth",
    "--without-connection-token",
    "--protected-mode no",
    "--protected-mode=no",
    "token=''",
    "token=\"\"",
    "token= ",
    "password=''",
    "password= ",
    "-nopw",
    "securitytypes none",
    "securitytypes=none",
    "--skip-grant-tables",
    "security.enabled=false",
    "--tls=false",
    "--tlsverify=false",
    "--accept-hosts .*",
    "--accept-hosts=.*",
    "--disable-filter",
    "permitemptypasswords=yes",
    "permitemptypasswords yes",
    "--insecure",
    "--anonymous",
    "allow_anonymous",
    "--no-password",
    "--no-authentication",
    "--disable-authentication",
    "--unauthenticated",
    "--allow-unauthenticated",
    "--no-token",
    "disable_check_xsrf=true",
    "allow_remote_access=true",
    "allow_root=true --ip",
];

/// What says that every interface is meant, in small letters.
const EVERYWHERE: [&str; 10] = [
    "0.0.0.0",
    "[::]",
    "--bind_ip_all",
    "--bind-all",
    "=*",
    "ip * ",
    "address=*:",
    "-client all",
    "--ip=*",
    "=all ",
];

impl Analyst<'_> {
    /// Adds what a command opens.
    pub(super) fn opened(&mut self, task: &Task<'_, '_>) {
        let program = task.parsed.path.split(' ').next().unwrap_or_default();
        if let Some(directory) = served_directory(program, task.call.words)
            && !is_local(task.call.words)
        {
            for judged in self.judge(&directory, &task.call.directories, task.call.scope) {
                self.push_path(&task.call, Action::List, &judged, "http-server");
            }
            let listens = self
                .analysis
                .effects
                .iter()
                .any(|effect| effect.action == Action::Listen && effect.span == task.call.span);
            if !listens {
                let target = Target::named("http-server");
                self.push(&task.call, Action::Listen, Role::Service, target);
            }
        }
        self.opened_by_words(&task.call, program);
    }

    /// The same of a program that is not described.
    pub(super) fn opened_by_words(&mut self, call: &super::analyst::Call<'_>, program: &str) {
        let name = program.rsplit('/').next().unwrap_or_default();
        if call.words.len() < 2 || !super::telling::listed(HOLDERS, name) {
            return;
        }
        let mut text = String::new();
        for word in call.words.iter().skip(1) {
            text.push_str(&word.display().to_ascii_lowercase());
            text.push(' ');
        }
        if !self
            .budget
            .spend(u32::try_from(text.len() / 16).unwrap_or(u32::MAX))
        {
            self.problem("more work than one command line may take", call.span);
            return;
        }
        if !is_opened(name, &text) {
            return;
        }
        let target = Target::named(format!("{name}, for everybody"));
        self.push(call, Action::Listen, Role::Service, target)
            .with(Modifiers::NONE.with(Modifier::Unverified))
            .by(name);
    }
}

/// Whether the words of a program that holds something, in small letters, open it.
fn is_opened(name: &str, text: &str) -> bool {
    let is_unasked = UNASKED.iter().any(|mark| text.contains(mark));
    let is_everywhere = EVERYWHERE.iter().any(|mark| text.contains(mark));
    let is_shell = matches!(name, "ttyd" | "gotty" | "wetty" | "shellinaboxd");
    match name {
        // `node --inspect=0.0.0.0`, `java -agentlib:jdwp=…,address=*:5005`: whoever connects runs what he likes.
        _ if super::telling::listed(RUNTIMES, name) => {
            let debugs = ["--inspect", "jdwp", "debugpy", "--debug-port"]
                .iter()
                .any(|mark| text.contains(mark));
            debugs && is_everywhere
        }
        "adb" => text.starts_with("tcpip") || text.contains("-a nodaemon server"),
        "kubectl" => {
            text.contains("proxy") && (is_everywhere || is_unasked)
                || text.contains("port-forward") && is_everywhere
        }
        "minikube" => text.contains("tunnel") && is_everywhere,
        "podman" => text.contains("system service") && text.contains("tcp:"),
        "rsync" => text.contains("--daemon") && is_everywhere,
        "sshd" | "dropbear" => {
            is_unasked || text.split(' ').any(|word| word == "-b") && name == "dropbear"
        }
        "mosquitto" | "ollama" | "python" => is_unasked,
        "dockerd" => text.contains("tcp://") && !text.contains("--tlsverify "),
        _ if is_shell => {
            !text.contains("127.0.0.1") && !text.contains("localhost") && !text.contains("--help")
        }
        _ => is_unasked && !text.contains("127.0.0.1") || is_everywhere,
    }
}

/// Whether a server is told to listen for this machine alone.
fn is_local(words: &[Word]) -> bool {
    words.iter().any(|word| {
        let text = word.display();
        ["127.0.0.1", "localhost", "::1"]
            .iter()
            .any(|here| text.contains(here))
    })
}

/// The directory that a small server of files hands out.
fn served_directory(program: &str, words: &[Word]) -> Option<Word> {
    let known: Vec<String> = words.iter().map(Word::display).collect();
    let span = words.first()?.span;
    let here = || Word::text(".", span);
    let behind = |flags: &[&str]| {
        let at = known
            .iter()
            .position(|word| flags.contains(&word.as_str()))?;
        words.get(at + 1).cloned()
    };
    let has = |text: &str| known.iter().any(|word| word == text);
    match program {
        "python" | "python2" | "python3" => {
            let servers = [
                "http.server",
                "SimpleHTTPServer",
                "CGIHTTPServer",
                "RangeHTTPServer",
                "uploadserver",
                "pyftpdlib",
            ];
            let is_server = known.windows(2).any(|pair| matches!(pair, [flag, module] if flag == "-m" && servers.contains(&module.as_str())));
            is_server.then(|| behind(&["-d", "--directory"]).unwrap_or_else(here))
        }
        "php" => has("-S").then(|| behind(&["-t", "--docroot"]).unwrap_or_else(here)),
        "ruby" => {
            let at = known
                .iter()
                .position(|word| word == "-ehttpd" || word == "httpd")?;
            has("-run").then(|| {
                let operand = words
                    .get(at + 1)
                    .filter(|word| !word.display().starts_with('-'));
                operand.cloned().unwrap_or_else(here)
            })
        }
        "busybox" | "httpd" => {
            let is_server =
                program == "busybox" && known.get(1).is_some_and(|word| word == "httpd");
            is_server.then(|| behind(&["-h"]).unwrap_or_else(here))
        }
        "http-server" | "serve" | "live-server" | "miniserve" | "darkhttpd"
        | "simple-http-server" | "python-http-server" | "webfsd" | "twistd" | "devd" | "sfz"
        | "dufs" | "browser-sync" | "static-server" | "local-web-server" | "ws" => {
            let by_option = behind(&[
                "-d",
                "--root",
                "--dir",
                "--directory",
                "-r",
                "--path",
                "--serveStatic",
            ]);
            let operand = || {
                let mut rest = words.iter().skip(1);
                rest.find(|word| word.display().starts_with(['/', '~', '.', '$']))
                    .cloned()
            };
            Some(by_option.or_else(operand).unwrap_or_else(here))
        }
        "caddy" => has("file-server").then(|| behind(&["--root", "-root"]).unwrap_or_else(here)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::knowledge::testing::all_effects;

    #[test]
    fn what_is_opened_to_everybody_is_told_from_a_server_under_development() {
        for text in [
            "redis-server --protected-mode no",
            "mongod --bind_ip_all",
            "code-server --auth none --bind-addr 0.0.0.0:8080",
            "node --inspect=0.0.0.0:9229 app.js",
            "kubectl proxy --address 0.0.0.0 --accept-hosts '.*'",
            "dockerd -H tcp://0.0.0.0:2375",
            "adb tcpip 5555",
        ] {
            let found = all_effects(text).join("; ");
            assert!(
                found.contains("for everybody unverified"),
                "{text}: {found}"
            );
        }
        for text in [
            "redis-server --port 6380",
            "mongod --dbpath data --bind_ip 127.0.0.1",
            "node app.js --host 0.0.0.0",
            "kubectl proxy",
            "python3 manage.py runserver 0.0.0.0:8000",
        ] {
            let found = all_effects(text).join("; ");
            assert!(!found.contains("for everybody"), "{text}: {found}");
        }
    }
}
