//! `kintsugi-hook`: what hooks start.

fn main() {}
