//! The places that were named: entered when they are there, waited for when they are not.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::PathBuf;

use rustix::fs::inotify;

use super::nodes::{Names, Node, hash};
use super::{At, Look, Sink, Tree, VIGIL, What};

impl Tree {
    /// Looks for places that were not there, when something above one has changed.
    pub(crate) fn look_for_places(&mut self, sink: &mut dyn Sink) {
        if !std::mem::take(&mut self.stirred) {
            return;
        }
        for place in 0..self.places.len() {
            if self
                .places
                .get(place)
                .is_some_and(|place| place.top.is_none())
            {
                self.settle_place(place, Look::Appeared, sink);
            }
        }
    }

    /// Watches a place, or, while it is not there, what is above it.
    pub(super) fn settle_place(&mut self, place: usize, look: Look, sink: &mut dyn Sink) {
        // What it waits for may appear between looking and waiting.
        for _ in 0..2 {
            let Some(named) = self.places.get(place).map(|place| place.named.clone()) else {
                return;
            };
            if let Ok(real) = named.canonicalize()
                && real.is_dir()
            {
                self.enter_place(place, real, look, sink);
                return;
            }
            let above = named.ancestors().skip(1).find(|above| above.is_dir());
            let watch =
                above.and_then(|above| inotify::add_watch(&self.inotify, above, VIGIL).ok());
            let before = self.places.get_mut(place).and_then(|place| {
                let before = std::mem::replace(&mut place.vigil, watch);
                before.filter(|before| Some(*before) != watch)
            });
            self.end_vigil(before);
        }
    }

    pub(super) fn enter_place(
        &mut self,
        place: usize,
        real: PathBuf,
        look: Look,
        sink: &mut dyn Sink,
    ) {
        let name = real.clone().into_os_string();
        let key = hash(&name);
        let top = self.add(Node {
            place,
            parent: None,
            name,
            key,
            watch: None,
            names: Names::default(),
            children: BTreeMap::new(),
        });
        let recalled = self.recall(top, &real);
        let device = real.symlink_metadata().map(|about| {
            use std::os::unix::fs::MetadataExt as _;
            about.dev()
        });
        if let Some(place) = self.places.get_mut(place) {
            place.real = real;
            place.top = Some(top);
            place.device = device.unwrap_or_default();
            let vigil = place.vigil.take();
            self.end_vigil(vigil);
        }
        self.look(top, recalled.unwrap_or(look), sink);
    }

    /// Lets go of a watch that was only kept for a place that was not there.
    pub(super) fn end_vigil(&self, watch: Option<i32>) {
        let Some(watch) = watch else { return };
        let is_used = self.watches.contains_key(&watch)
            || self.places.iter().any(|place| place.vigil == Some(watch));
        if !is_used {
            // The directory may be gone, and the watch with it.
            inotify::remove_watch(&self.inotify, watch).unwrap_or_default();
        }
    }

    /// A place is gone, with everything in it.
    pub(super) fn lose_place(&mut self, top: usize, sink: &mut dyn Sink) {
        let Some(number) = self.node(top).map(|node| node.place) else {
            return;
        };
        let path = self.path(top);
        self.forget(top, true, sink);
        let key = hash(path.as_os_str());
        let at = At {
            place: number,
            directory: &path,
            name: OsStr::new(""),
            key,
        };
        sink.change(at, What::Removed);
        if let Some(place) = self.places.get_mut(number) {
            place.top = None;
        }
        self.settle_place(number, Look::Appeared, sink);
    }
}
