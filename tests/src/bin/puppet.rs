//! Stands in for `kintsugi-scorer`: hands everything on between the daemon and the test that listens at the path that `mock` of the
//! settings names. What the real one does by a script is its own; here a test speaks for it, frame by frame.

use std::io::Read as _;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;

use kintsugi_core::scorer::Ask;
use kintsugi_core::scorer::frame::Reader;
use kintsugi_core::scorer::settings::ModelSettings;

fn main() {
    let daemon = std::io::stdin().as_fd().try_clone_to_owned();
    let mut daemon = UnixStream::from(daemon.expect("a socket"));
    let settings = hello(&mut daemon);
    let settings = ModelSettings::from_json(&settings).expect("settings");
    let test = settings.mock.first().expect("the path of a test");
    let test = UnixStream::connect(test).expect("a test listens");
    std::thread::scope(|scope| {
        let end = |from: &UnixStream, to: &UnixStream| {
            drop(std::io::copy(&mut { from }, &mut { to }));
            std::process::exit(0);
        };
        let (daemon, test) = (&daemon, &test);
        scope.spawn(move || end(daemon, test));
        end(test, daemon);
    });
}

/// Returns the settings in the first frame.
fn hello(daemon: &mut UnixStream) -> String {
    let mut reader = Reader::default();
    loop {
        if let Some(Ask::Hello { settings, .. }) = reader.take().expect("a frame") {
            return settings;
        }
        let mut bytes = [0; 4_096];
        let count = daemon.read(&mut bytes).expect("the daemon");
        assert!(count > 0, "the daemon has something to say");
        reader.push(bytes.get(..count).unwrap_or_default());
    }
}
