//! `--only PATH`: of everything that would change, what is at or below some paths.

use std::path::{Path, PathBuf};

use kintsugi_core::capture::manifest::{Kind, Manifest};
use kintsugi_core::display::escape;

use super::compare::{Difference, Does, Step, moved_to, path_of};

/// Leaves in `found` what is at or below `only`. Of a tree that is gone as a whole, that part of it.
pub(super) fn to(only: &[PathBuf], manifest: &Manifest, found: &mut Difference) {
    let is_named = |path: &Path| only.iter().any(|only| path.starts_with(only));
    let mut steps = Vec::new();
    for step in std::mem::take(&mut found.steps) {
        let inner = only.iter().filter(|only| only.starts_with(&step.path));
        let inner: Vec<&PathBuf> = inner.collect();
        let is_in_the_way = step.does == Does::Remove && step.top == usize::MAX;
        if is_named(&step.path) || (is_in_the_way && !inner.is_empty()) {
            steps.push(step);
        } else if matches!(step.does, Does::Create | Does::Replace) {
            for only in inner {
                part((&step, only), manifest, (&mut steps, &mut found.notes));
            }
        }
    }
    found.steps = steps;
    for checkout in &mut found.checkouts {
        checkout.paths.retain(|path| is_named(path));
    }
    found
        .checkouts
        .retain(|checkout| !checkout.paths.is_empty());
}

/// Adds what puts `only` back, which lies in something that is put back whole.
fn part(
    (step, only): (&Step, &Path),
    manifest: &Manifest,
    (steps, notes): (&mut Vec<Step>, &mut Vec<String>),
) {
    let shown = |path: &Path| escape(&path.to_string_lossy());
    let Some(top) = manifest.tops.get(step.top) else {
        return;
    };
    if let Some(kept) = moved_to(manifest, top) {
        let rest = only.strip_prefix(&step.path).unwrap_or(only);
        let (path, whole) = (shown(only), shown(&step.path));
        let at = shown(&kept.join(rest));
        notes.push(format!(
            "`{path}` comes back with all of `{whole}`, or can be copied from `{at}`"
        ));
        return;
    }
    if step.does == Does::Replace {
        let (path, whole) = (shown(only), shown(&step.path));
        notes.push(format!("`{path}`: something else stands at `{whole}`"));
        return;
    }
    let is_first = steps.len();
    for (index, entry) in top.entries.iter().enumerate() {
        let path = path_of(top, entry);
        let does = if path == only {
            Does::Create
        } else if entry.kind == Kind::Directory && only.starts_with(&path) {
            // Made on the way, it gets its mode and owner again.
            Does::Attributes
        } else {
            continue;
        };
        steps.push(Step {
            top: step.top,
            entry: index,
            path,
            does,
            newer: false,
        });
    }
    if !steps
        .iter()
        .skip(is_first)
        .any(|step| step.does == Does::Create)
    {
        // It was not there.
        steps.truncate(is_first);
    }
}
