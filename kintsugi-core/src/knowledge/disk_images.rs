//! File systems on an image, which is a file: what `mkfs` makes anew there, and `debugfs` or `xfs_repair` change, is that file.
//!
//! The file has to be one that the line itself made (`truncate -s`, `fallocate -l`, `dd of=`, `qemu-img create`), or to lie where things are
//! built or thrown away; an image that stood there before may hold somebody's work. Sources: mke2fs(8), e2fsprogs 1.47; `xfs_db(8)`, 6.1;
//! truncate(1), coreutils 9.4; qemu-img(1), 9.1.

use super::analyst::{Analyst, Call};
use super::program::Task;
use super::telling::listed;
use crate::effect::{Action, Modifiers, Role};
use crate::place::{Judgement, Place};
use crate::shell::Word;

/// Programs that work on a file system, a partition table or an area for swapping, wherever it is.
const TOOLS: &str = " mkfs mkfs.vfat mkfs.fat mkfs.msdos mkdosfs fsck xfs_db debugfs tune2fs parted sfdisk sgdisk fdisk wipefs dumpe2fs ";

/// Most commands in front of one among which the maker of its image is looked for.
const EARLIER_MAX: usize = 64;

impl Analyst<'_> {
    /// Makes a change of a file of what a command does to a disk that is an image.
    pub(super) fn calm_disk_image(&mut self, task: &Task<'_, '_>, before: usize) {
        if !listed(TOOLS, &task.parsed.path) {
            return;
        }
        let mut devices = task.parsed.values.iter().filter(|it| it.role == "device");
        let (Some(device), None) = (devices.next(), devices.next()) else {
            return;
        };
        let judged = self.judge(&device.word, &task.call.directories, task.call.scope);
        let [image] = judged.as_slice() else { return };
        if !self.is_passing_image(&task.call, image) {
            return;
        }
        let place = image.place;
        for effect in self.analysis.effects.iter_mut().skip(before) {
            if effect.role == Role::Device
                && matches!(effect.action, Action::FormatDevice | Action::Write)
            {
                effect.action = Action::Write;
                effect.role = Role::Path;
                effect.target.place = Some(place);
                effect.modifiers = Modifiers::NONE;
            }
        }
    }

    /// Whether nobody keeps anything in an image.
    fn is_passing_image(&self, call: &Call<'_>, image: &Judgement) -> bool {
        let is_link = self.links.keys().any(|link| *link == image.path);
        let is_plain = image.modifiers == Modifiers::NONE && !is_link;
        let is_thrown_away = matches!(image.place, Place::Temp | Place::BuildOutput);
        let can_be_own = matches!(image.place, Place::Project | Place::Home | Place::Elsewhere);
        is_plain && (is_thrown_away || can_be_own && self.makes_image(call, image))
    }

    /// Whether a command in front makes that file, of a size and with nothing in it.
    fn makes_image(&self, call: &Call<'_>, image: &Judgement) -> bool {
        let earlier = call.scope.script.invocations.iter();
        let mut earlier = earlier
            .filter(|it| it.span.start < call.span.start)
            .take(EARLIER_MAX);
        earlier.any(|it| {
            let words: Vec<String> = it.words.iter().map(Word::display).collect();
            let has = |options: &[&str]| {
                words
                    .iter()
                    .any(|word| options.iter().any(|it| word.starts_with(it)))
            };
            let first = words.first().map_or("", String::as_str);
            let file: Option<Word> = match first {
                "truncate" if has(&["-s", "--size"]) => it.words.last().cloned(),
                "fallocate" if has(&["-l", "--length"]) && !has(&["-p", "-d", "-c"]) => {
                    it.words.last().cloned()
                }
                "dd" if has(&["if=/dev/zero", "if=/dev/urandom"]) => words
                    .iter()
                    .find_map(|word| word.strip_prefix("of="))
                    .map(|path| Word::text(path, it.span)),
                "qemu-img" if has(&["create"]) => {
                    it.words.get(it.words.len().saturating_sub(2)).cloned()
                }
                _ => None,
            };
            file.is_some_and(|file| {
                let judged = self.judge(&file, &it.directories, call.scope);
                matches!(judged.as_slice(), [one] if one.path == image.path)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::knowledge::testing::tells_apart;

    #[test]
    fn an_image_that_the_line_made_is_told_from_a_disk() {
        tells_apart(
            "format-device device",
            &[
                "mkfs.ext4 disk.img",
                "mkfs.ext4 /dev/sdb1",
                "truncate -s 64M a.img && mkfs.ext4 b.img",
                "truncate -s 64M a.img && mkfs.ext4 /dev/sdb",
                "ln -s /dev/sdb a.img; truncate -s 64M a.img; mkfs.ext4 a.img",
                "dd if=/dev/zero of=a.img count=1 && mkfs.ext4 /dev/sdb1",
            ],
            &[
                "truncate -s 64M a.img && mkfs.ext4 -q -F a.img",
                "fallocate -l 64M a.img; mkfs.xfs -f a.img",
                "dd if=/dev/zero of=a.img bs=1M count=64 && mkfs.vfat a.img",
                "mkfs.ext4 -F /tmp/a.img",
            ],
        );
    }
}
