//! Writes the model that the tests take: `cargo run -p kintsugi-tests --bin tiny-model -- FILE`.

use kintsugi_tests::model::{SEED, tiny};

fn main() -> anyhow::Result<()> {
    let path = std::env::args_os().nth(1);
    let path = path.ok_or_else(|| anyhow::anyhow!("usage: tiny-model FILE"))?;
    Ok(std::fs::write(path, tiny(SEED))?)
}
