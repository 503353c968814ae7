//! The worker that asks a model is a package of its own, always built, with C++ only when it is asked for.
//!
//! **Question.** A model wants llama.cpp, which wants cmake, a C++ compiler and libclang; an endpoint wants HTTP. The daemon has
//! neither, on purpose, and a test holds it to that (`tests/tests/dependencies.rs`). Where do they go?
//!
//! **Considered.** A second program in the daemon's package, behind a feature: a package has one list of dependencies, so the daemon
//! would be built with an HTTP client beside it, and the promise would rest on nobody calling it. The worker only with the
//! feature: then nobody without C++ could use an endpoint or `llama-server`. llama.cpp by its sys crate alone, which leaves out
//! `common` and half of the build: every call would be `unsafe`, in the one program that must not be clever.
//!
//! **Decided.** `kintsugi-daemon/scorer` is the package `kintsugi-scorer`. It is always built; the feature `llama` adds llama.cpp by `llama-cpp-2` 0.1.160
//! on `llama-cpp-sys-2` 0.1.161, both pinned, since each release of either follows llama.cpp's own. It has no `unsafe` of its own: batches
//! of 16 tokens and a clock stand in for the callback that would end a pass, which costs up to one batch beyond the deadline.
//! HTTP is `ureq` without its defaults: no TLS, no compression, no JSON, no proxies. Confinement is `landlock` and `seccompiler`; a filter for
//! seccomp written by hand is the kind of code that is wrong unseen.
//!
//! **Price.** One more `cargo install`. A filter that names what is refused lets through what no one thought of; one that names what
//! is allowed breaks with the next C library. What would change it: a llama.cpp that returns errors instead of ending the process.
