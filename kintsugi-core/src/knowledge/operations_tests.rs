//! What the programs of operators would do.

use super::testing::all_effects;

#[test]
fn scratch_measure() {
    let Ok(path) = std::env::var("MEASURE") else {
        return;
    };
    let mut unknown = std::collections::BTreeMap::<String, (usize, String)>::new();
    let (mut all, mut known) = (0, 0);
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = value["cmd"].as_str().unwrap();
        all += 1;
        let effects = all_effects(text);
        let mut fine = true;
        for effect in effects
            .iter()
            .filter(|it| it.starts_with("unknown") || it.starts_with("problem"))
        {
            fine = false;
            let program = text.split_whitespace().find(|w| *w != "sudo").unwrap_or("");
            let entry = unknown.entry(format!("{program}\t{effect}")).or_default();
            entry.0 += 1;
            entry.1 = text.to_owned();
        }
        if fine {
            known += 1;
        }
    }
    println!("MEASURE all {all} known {known}");
    for (what, (count, text)) in unknown {
        println!(
            "UNK\t{count}\t{what}\t{}",
            text.replace('\n', "\\n")
                .chars()
                .take(160)
                .collect::<String>()
        );
    }
}
