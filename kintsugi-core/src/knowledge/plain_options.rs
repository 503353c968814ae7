//! Variables that give a program options, where each of these only says how much it may take or how it writes:
//! `MAVEN_OPTS='-Xmx1g -XX:+HeapDumpOnOutOfMemoryError'`, `TAR_OPTIONS='--sort=name --owner=0'`.
//!
//! Such a variable can load an agent or start a program as well, so only options that are known count. Sources: java(1), JDK 21;
//! tar(1), GNU tar 1.35, "Reproducible archives".

use super::telling::listed;
use crate::shell::Word;

/// Variables with options for the virtual machine of Java.
const OF_JAVA: &str = " JAVA_TOOL_OPTIONS _JAVA_OPTIONS JDK_JAVA_OPTIONS MAVEN_OPTS GRADLE_OPTS SBT_OPTS JVM_OPTS CATALINA_OPTS ";

/// Values behind `-XX:` that are sizes, counts or where a dump is put.
const SIZES: &str = " HeapDumpPath ErrorFile MaxMetaspaceSize MetaspaceSize MaxRAMPercentage InitialRAMPercentage ReservedCodeCacheSize \
    TieredStopAtLevel ActiveProcessorCount MaxGCPauseMillis ParallelGCThreads MaxDirectMemorySize MaxHeapSize ";

/// Properties of Java that say how text and time are written.
const PROPERTIES: &str = " file.encoding sun.jnu.encoding user.timezone user.language user.country java.awt.headless style.color \
    java.net.preferIPv4Stack maven.test.skip skipTests org.gradle.daemon org.gradle.parallel org.gradle.jvmargs ";

/// Options of tar that say in which order, form and name files are put.
const OF_TAR: &str = " --sort --mtime --owner --group --numeric-owner --format --exclude-vcs --exclude --no-xattrs --no-acls --no-selinux \
    --xattrs --acls --pax-option --warning --no-same-owner --no-same-permissions --verbose -v --totals --clamp-mtime ";

/// Whether a value of that variable holds nothing but such options.
pub(super) fn are_plain(name: &str, value: &Word) -> bool {
    let is_java = listed(OF_JAVA, name);
    let Some(value) = value.known().filter(|_| is_java || name == "TAR_OPTIONS") else {
        return false;
    };
    let mut options = value.split_whitespace();
    options.all(|option| {
        if is_java {
            is_of_java(option)
        } else {
            is_of_tar(option)
        }
    })
}

fn is_of_java(option: &str) -> bool {
    let is_size = |rest: &str| rest.bytes().all(|it| it.is_ascii_alphanumeric());
    if let Some(rest) = option.strip_prefix("-XX:") {
        return match rest.split_once('=') {
            Some((name, _)) => listed(SIZES, name),
            None => rest.strip_prefix(['+', '-']).is_some_and(is_size),
        };
    }
    if let Some(rest) = option.strip_prefix("-D") {
        let name = rest.split('=').next().unwrap_or_default();
        return listed(PROPERTIES, name);
    }
    let sizes = ["-Xmx", "-Xms", "-Xss", "-Xmn"];
    sizes
        .iter()
        .any(|it| option.strip_prefix(it).is_some_and(is_size))
        || matches!(option, "-ea" | "-da" | "-server" | "-client")
}

fn is_of_tar(option: &str) -> bool {
    listed(OF_TAR, option.split('=').next().unwrap_or_default())
}
