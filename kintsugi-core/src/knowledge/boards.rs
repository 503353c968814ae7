//! Boards that are attached for development: writing to them what the project itself built.
//!
//! What such a board held was written by the same tool the day before, and is built again by it. What erases all of it, changes its
//! fuses, or writes something that came from elsewhere is another matter (`PlatformIO` 6, west 1.2, ESP-IDF 5, `OpenOCD` 0.12, probe-rs 0.24).

use super::analyst::Analyst;
use super::program::Task;
use super::telling::listed;
use crate::effect::{Action, Role};
use crate::place::Place;
use crate::shell::Word;

/// Tools that build what they write.
const BUILDERS: &str = " pio platformio west idf.py arduino-cli cargo-embed cargo-flash ";

/// Parts of words that say that more is changed than the program of the board.
const MORE: [&str; 12] = [
    "erase",
    "recover",
    "unlock",
    "lock",
    "fuse",
    "burn",
    "bootloader",
    "protect",
    "mass",
    "option",
    "efuse",
    "partition",
];

/// How the names of compilers and linkers end that make such files.
const MAKERS: [&str; 6] = ["gcc", "g++", "-ld", "clang", "elf2uf2", "sdcc"];

impl Analyst<'_> {
    /// Makes a plain change of writing to a board what the project built.
    pub(super) fn calm_own_firmware(&mut self, task: &Task<'_, '_>, before: usize) {
        let is_board = |effect: &crate::effect::Effect| {
            effect.action == Action::FormatDevice
                && effect.role == Role::Device
                && effect.target.text == "attached board"
        };
        if !self.analysis.effects.iter().skip(before).any(is_board) {
            return;
        }
        let words: Vec<String> = task.call.words.iter().map(Word::display).collect();
        let changes_more = words.iter().any(|word| {
            let lower = word.to_ascii_lowercase();
            MORE.iter().any(|part| lower.contains(part))
        });
        let program = task.parsed.path.split(' ').next().unwrap_or_default();
        if changes_more || !listed(BUILDERS, program) && !self.names_built_file(task, &words) {
            return;
        }
        for effect in self.analysis.effects.iter_mut().skip(before) {
            if is_board(effect) {
                effect.action = Action::Write;
                effect.role = Role::Resource;
            }
        }
    }

    /// Whether a word, or a part of one, is a file that a build has put where builds put what they make, and none lies elsewhere.
    fn names_built_file(&self, task: &Task<'_, '_>, words: &[String]) -> bool {
        let parts = words
            .iter()
            .flat_map(|word| word.split([' ', ':', ';', ',', '=']));
        let images: Vec<&str> = parts.filter(|part| is_image(part)).collect();
        let is_built = |image: &&str| {
            let word = Word::text(*image, task.call.span);
            let judged = self.judge(&word, &task.call.directories, task.call.scope);
            let is_there = judged.iter().all(|it| it.place == Place::BuildOutput);
            !judged.is_empty() && is_there || is_made_here(task, image)
        };
        !images.is_empty() && images.iter().all(is_built)
    }
}

/// Whether the line compiled or converted a program in front, into a file of that name in the same directory.
fn is_made_here(task: &Task<'_, '_>, image: &str) -> bool {
    let invocations = task.call.scope.script.invocations.iter();
    let mut earlier = invocations.filter(|it| it.span.start < task.call.span.start);
    let makes = |it: &crate::shell::Invocation| {
        let words: Vec<String> = it.words.iter().map(Word::display).collect();
        let name = words.first().map_or("", String::as_str);
        let is_last = words.last().is_some_and(|word| word == image);
        let behind_option = words.windows(2).any(|pair| pair == ["-o", image]);
        it.directories == task.call.directories
            && (name.ends_with("objcopy") && is_last
                || MAKERS.iter().any(|it| name.ends_with(it)) && behind_option)
    };
    !image.starts_with(['/', '~']) && !image.contains("..") && earlier.any(makes)
}

/// Whether a word looks like the file of a program for a board.
fn is_image(part: &str) -> bool {
    let name = part.rsplit('/').next().unwrap_or_default();
    let ends = [
        ".elf", ".hex", ".bin", ".uf2", ".axf", ".dfu", ".srec", ".s19",
    ];
    ends.iter().any(|end| name.ends_with(end))
        || part.contains('/') && !name.contains('.') && !is_port(part)
}

/// Whether a word names the line to the board.
fn is_port(part: &str) -> bool {
    ["/dev/tty", "/dev/cu.", "/dev/serial/"]
        .iter()
        .any(|line| part.starts_with(line))
}

#[cfg(test)]
mod tests {
    use crate::knowledge::testing::tells_apart;

    #[test]
    fn what_the_project_built_is_told_from_what_came_from_elsewhere() {
        tells_apart(
            "format-device device",
            &[
                "picotool load evil.uf2",
                "openocd -c 'init; flash erase_sector 0 0 last'",
                "idf.py erase-flash",
                "west flash --erase",
                "pio run -t erase",
                "openocd -f a.cfg -c 'program ~/Downloads/fw.elf verify reset exit'",
                "avrdude -p m328p -U lfuse:w:0xff:m",
                "avr-gcc -o b.elf b.c; avrdude -p m328p -U flash:w:a.hex",
                "avr-gcc -o a.elf a.c; cd x; avrdude -p m328p -U flash:w:a.elf",
                "avrdude -p m328p -U flash:w:build/fw.hex -U lfuse:w:0xff:m",
                "avrdude -p m328p -P /dev/ttyACM0 -U flash:w:/tmp/x.hex",
                "esptool.py -p /dev/ttyUSB0 write_flash 0x0 /dev/ttyS1",
                "esptool.py -p /dev/ttyUSB0 erase_flash",
            ],
            &[
                "west flash",
                "avr-gcc -Os -o a.elf a.c && avr-objcopy -O ihex a.elf a.hex && avrdude -p m328p -P /dev/ttyACM0 -U flash:w:a.hex",
                "st-flash --reset write build/fw.bin 0x8000000",
                "idf.py -p /dev/ttyUSB0 flash monitor",
                "pio run -t upload",
                "openocd -f a.cfg -c 'program build/fw.elf verify reset exit'",
                "picotool load build/fw.uf2",
                "avrdude -p m328p -U flash:w:build/fw.hex",
                "avrdude -p m328p -P /dev/ttyACM0 -U flash:w:build/fw.hex:i",
                "esptool.py --port /dev/ttyUSB0 write_flash 0x1000 build/fw.bin",
            ],
        );
    }
}
