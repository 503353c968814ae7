//! Every knowledge file is read by its schema, and no command is described twice.

#![expect(
    clippy::disallowed_methods,
    reason = "a test may read the files that the library embeds"
)]

use std::collections::BTreeMap;
use std::path::Path;

use kintsugi_core::knowledge::schema::File;

#[test]
fn each_knowledge_file_is_read_and_no_command_stands_twice() {
    let mut seen: BTreeMap<Vec<String>, String> = BTreeMap::new();
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge")).unwrap()
    {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let file: File = match toml::from_str(&text) {
            Ok(file) => file,
            Err(error) => {
                wrong.push(format!("{name}: {error}"));
                continue;
            }
        };
        for command in file.command {
            let (last, front) = command.path.split_last().unwrap();
            for spelling in std::iter::once(last).chain(command.aliases.iter()) {
                let mut full = front.to_vec();
                full.push(spelling.clone());
                if let Some(other) = seen.insert(full.clone(), name.clone()) {
                    wrong.push(format!("{full:?} in {name} and in {other}"));
                }
            }
        }
    }
    assert!(seen.len() > 100, "only {} commands", seen.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
