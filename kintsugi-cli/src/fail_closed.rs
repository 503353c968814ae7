//! A hook that crashes must not open the gate: hosts run the tool when a hook ends in a way they do not know.

use std::io::Write as _;

/// The exit code that hosts of agents take as "do not run it" (Claude Code, "Hooks reference": exit code 2).
pub const BLOCK: u8 = 2;

/// Makes a panic of this process a refusal: one line on standard error, and [`BLOCK`] as exit code.
///
/// The release profile aborts on a panic; the hook below runs before that.
pub fn install() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, |place| {
            format!(" at {}:{}", place.file(), place.line())
        });
        let said = writeln!(
            std::io::stderr(),
            "kintsugi: error: this is a mistake in Kintsugi{place}; the command was not run"
        );
        drop(said);
        block();
    }));
}

#[expect(
    clippy::exit,
    reason = "nothing may run after a panic, and the code must be the one that blocks"
)]
fn block() {
    std::process::exit(i32::from(BLOCK));
}
