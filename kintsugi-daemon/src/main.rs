//! `kintsugi-daemon`: arguments and exit codes.

use std::io::Write as _;
use std::process::ExitCode;

use kintsugi_daemon::start::{Options, accept_host, run};

const USAGE: &str = "\
usage: kintsugi-daemon [--ready-fd N] [--model KEY=VALUE]... | --accept-host

Serves until SIGTERM or SIGINT. SIGHUP reads the policy again; what is in daemon.toml takes a restart.
`kintsugi daemon start` starts it.

  --ready-fd N   write `ready` to descriptor N once the socket accepts, and go into the background
  --model K=V    a setting of model.toml, in its place and in that of KINTSUGI_MODEL_K
  --accept-host  say in a log that was written on another machine that it goes on on this one
  --version      print the version
  --help         print this";

fn main() -> ExitCode {
    let asked = match arguments(std::env::args().skip(1)) {
        Ok(asked) => asked,
        Err(problem) => {
            complain(&problem);
            return ExitCode::from(2);
        }
    };
    let done = match asked {
        Asked::Run(options) => run(&options).map(drop),
        Asked::AcceptHost => accept_host().map(|was_other| {
            let word = if was_other {
                "goes on here from now on"
            } else {
                "is of this machine already"
            };
            drop(writeln!(std::io::stdout(), "the log {word}"));
        }),
        Asked::Print(text) => writeln!(std::io::stdout(), "{text}").map_err(anyhow::Error::from),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Writes one line for a person; there is nobody left to tell when that fails.
fn complain(problem: &str) {
    drop(writeln!(std::io::stderr(), "kintsugi: error: {problem}"));
}

/// What the arguments ask for.
enum Asked {
    Run(Options),
    AcceptHost,
    Print(String),
}

fn arguments(mut given: impl Iterator<Item = String>) -> Result<Asked, String> {
    let mut options = Options::default();
    while let Some(argument) = given.next() {
        match argument.as_str() {
            "--ready-fd" => {
                let number = given.next().and_then(|number| number.parse().ok());
                let number = number.filter(|number| *number > 0);
                options.ready =
                    Some(number.ok_or("`--ready-fd` wants the number of a descriptor")?);
            }
            "--model" => {
                let setting = given.next();
                let setting = setting.as_deref().and_then(|text| text.split_once('='));
                let (key, value) = setting.ok_or("`--model` wants a setting as `KEY=VALUE`")?;
                options.model.push((key.to_owned(), value.to_owned()));
            }
            "--accept-host" => return Ok(Asked::AcceptHost),
            "--version" => {
                let version = env!("CARGO_PKG_VERSION");
                return Ok(Asked::Print(format!("kintsugi-daemon {version}")));
            }
            "--help" => return Ok(Asked::Print(USAGE.to_owned())),
            other => {
                return Err(format!(
                    "unknown argument `{}`: see `--help`",
                    other.escape_debug()
                ));
            }
        }
    }
    Ok(Asked::Run(options))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(given: &[&str]) -> Result<Asked, String> {
        arguments(given.iter().map(|argument| (*argument).to_owned()))
    }

    #[test]
    fn arguments_are_few_and_strict() {
        assert!(matches!(
            parse(&[]),
            Ok(Asked::Run(Options { ready: None, .. }))
        ));
        assert!(matches!(
            parse(&["--ready-fd", "1"]),
            Ok(Asked::Run(Options { ready: Some(1), .. }))
        ));
        assert!(matches!(
            parse(&["--model", "path=/a=b"]),
            Ok(Asked::Run(Options { model, .. })) if model == [("path".to_owned(), "/a=b".to_owned())]
        ));
        assert!(matches!(parse(&["--accept-host"]), Ok(Asked::AcceptHost)));
        assert!(matches!(parse(&["--help"]), Ok(Asked::Print(_))));
        for wrong in [
            &["--ready-fd"][..],
            &["--ready-fd", "x"],
            &["--ready-fd", "0"],
            &["--model"],
            &["--model", "path"],
            &["serve"],
        ] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
