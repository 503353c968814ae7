//! The watcher: a child that reports what changes in the places that the settings name.
//!
//! Here it is only said what it is started with. What it does is in `kintsugi_core::manual::watcher`.

use std::env;
use std::path::Path;

use kintsugi_core::paths::Paths;

use crate::rounds;
use crate::settings::{Helper, Settings, is_below_home};
use crate::supervise::Watcher;

/// Returns the watcher; none while no place is named.
pub(crate) fn of(paths: &Paths, settings: &Settings) -> Option<Watcher> {
    let own = env::current_exe().ok()?;
    let mut environment = rounds::environment();
    // It tells this daemon, wherever it would look for one.
    environment.retain(|(name, _)| name != "KINTSUGI_SOCKET");
    environment.push(("KINTSUGI_SOCKET".into(), paths.socket.clone().into()));
    let home = env::var("HOME").ok();
    let command = command(&own.with_file_name("kintsugi"), settings, home.as_deref())?;
    Some(Watcher {
        helper: Helper {
            name: "watch".to_owned(),
            command,
            heartbeat_seconds: None,
        },
        environment,
    })
}

/// Returns the command line of the watcher.
fn command(program: &Path, settings: &Settings, home: Option<&str>) -> Option<Vec<String>> {
    let watch = &settings.watch;
    let places = watch.places.iter().filter_map(|place| match home {
        _ if !is_below_home(place) => Some(place.clone()),
        Some(home) => Some(format!("{home}{}", place.strip_prefix('~')?)),
        None => None,
    });
    let places: Vec<String> = places.collect();
    if places.is_empty() {
        return None;
    }
    let mut command = vec![
        program.to_str()?.to_owned(),
        "watch".to_owned(),
        "--supervised".to_owned(),
        format!("--settle={}", watch.settle_ms),
        format!("--removed={}", watch.removed),
        format!("--overwritten={}", watch.overwritten),
    ];
    match watch.ignored.as_deref() {
        None => {}
        Some([]) => command.push("--ignore=".to_owned()),
        Some(names) => command.extend(names.iter().map(|name| format!("--ignore={name}"))),
    }
    command.push("--".to_owned());
    command.extend(places);
    Some(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_handed_on_and_without_any_nothing_is_started() {
        let mut settings = Settings::default();
        let of = |settings: &Settings| command(Path::new("/b/kintsugi"), settings, Some("/h"));
        assert_eq!(of(&settings), None);
        settings.watch.places = vec!["~/work".to_owned(), "/srv".to_owned()];
        let words = of(&settings).unwrap();
        assert_eq!(words[..3], ["/b/kintsugi", "watch", "--supervised"]);
        assert_eq!(words[words.len() - 3..], ["--", "/h/work", "/srv"]);
        settings.watch.ignored = Some(Vec::new());
        assert!(of(&settings).unwrap().contains(&"--ignore=".to_owned()));
    }
}
