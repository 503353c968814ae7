//! `kintsugi`, for people.

fn main() {}
