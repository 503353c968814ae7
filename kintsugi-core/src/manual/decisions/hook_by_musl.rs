//! `kintsugi-hook` is linked with musl where that is to be had, and works linked in any other way.
//!
//! **Question.** A shell and an agent start `kintsugi-hook` for every command, and it took twice as long as a program that does nothing. Most of
//! that went by before `main`. What may be done about it?
//!
//! **Measured** (`x86_64`, Linux 6.18 in a virtual machine of 2 cores, Debian's glibc 2.36; least of 600 starts in turn on a machine that did other
//! things as well, so only the ratios mean something): `true` 596 µs; the hook, its daemon's verdict included, linked dynamically 1,188 µs,
//! statically with glibc 868 µs, with musl 602 µs. Statically, glibc asks the processor what it is (`cpuid`) 43 times before `main`; a
//! virtual machine has to leave the guest for each, which here takes 5 µs. musl never asks. Statically with glibc the program
//! has 1,837,656 bytes, more than the 1 MiB that it may have; with musl 963,184.
//!
//! Later, the same machine, medians of 800 starts in turn that end before anything is asked: an empty program in C 723 µs, an empty one in Rust 1,134, the
//! hook 1,175, with `libgcc_s` linked in 980, with its addresses fixed as well 941, with musl 319. So of what the hook takes beyond `true`, 180 µs were
//! the library that unwinds the stack, and most of the rest is what Rust's `std` does before `main` (it reads `/proc/self/maps` to find its
//! guard page).
//!
//! And the floor of that machine, under a load of eight, so the tenth part of 400 starts in turn that ends first: a program of three instructions 146 µs, an
//! empty one in C, static, with glibc 466, `true` 726; the hook, told nothing to ask, with musl 326, statically with glibc and fixed addresses 702,
//! statically 739, as cargo links it 865. So 320 µs of each start are glibc's questions to the processor, and no way of linking glibc leaves them
//! out. On a machine where `cpuid` costs 0.1 µs they are not there; here the goal of 600 µs is below what `true` takes, so `cargo bench -p
//! kintsugi-tests --bench hooks` prints each as a ratio to `true`.
//!
//! **Considered.** `target-feature=+crt-static` in a `.cargo/config.toml`: it is for a whole build, so also for the daemon and for `kintsugi`, which look
//! up people in the system's databases (`nss(5)`), and for the model's C++; and it is too large. The same for one program, by a build
//! script that gives the linker `-static-pie` and the archives: it works, and is too large as well. musl by `targets` in
//! `rust-toolchain.toml`: then nobody builds anything without a network. A program without `std`: all that it shares with `kintsugi` would exist twice.
//! A `main` that `std` does not start saves 170 µs more, and takes an `unsafe` attribute, the closed standard streams that `std` opens again, and SIGPIPE.
//! Fixed addresses give up that of the randomised ones.
//!
//! **Decided.** `kintsugi-cli/build.rs` links `libgcc_eh` in where `cc` has it, in a release for the machine that builds: so it is for `cargo install` too. Nothing
//! else in the sources depends on how the program is linked. `.ci/package` links the program with musl when `rustup` has that target or gets it, and as any other when
//! not; README.md has the lines for who builds by hand; the bench `hooks` measures both. musl reads `/etc/passwd` and no other database, which only
//! matters without `HOME`; whoever is not found there is asked by `kintsugi`, to which the program hands over.
//!
//! **Price.** Two ways to build one program, and a fix of the C library reaches this one only when it is built anew. What would change it: a
//! target for one package in Cargo itself (`per-package-target`).
