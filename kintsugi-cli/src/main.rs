//! `kintsugi`, for people.

use std::process::ExitCode;

fn main() -> ExitCode {
    kintsugi_cli::main()
}
